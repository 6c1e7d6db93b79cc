import type { Edit } from "../../data/edit.ts";
import type { Graph } from "../../data/graph/graph.ts";
import { ROOT } from "../../data/ids.ts";
import type { JsonValue } from "../../data/json.ts";
import type { UsageTotal } from "../../data/usage.ts";
import { RLMError } from "../../errors.ts";
import type { PayloadReader } from "../../protocols/store.ts";
import { errorData } from "../agent/error-data.ts";
import type { RunEvent } from "../agent/run-event.ts";
import type { LiveRun } from "../run/live-run.ts";
import type { Resumed } from "../run/resume/resumed.ts";
import { RunError, rootFailure } from "./run-error.ts";

/** What a finished run gives. */
export interface RunResult<Answer> {
  readonly answer: Answer;
  readonly graph: Graph;
  /** Of the whole tree, failed requests and sub-LLM queries included. */
  readonly usage: UsageTotal;
}

/**
 * A run in progress: a promise of its answer that can also be iterated for its events, which are nodes as they land
 * (starting with those that have landed already) and provisional text. Both may be done, any number of times. It
 * rejects with a `RunError` that has `code` and `graph`. A failure of a run that is neither awaited nor iterated is an
 * unhandled rejection, as with any promise, except that of a run that was stopped by {@link abort} or left paused.
 */
export class Run<Answer = JsonValue> extends Promise<RunResult<Answer>> implements AsyncIterable<RunEvent> {
  /** The large values that its nodes name, also after the run has ended. */
  readonly payloads: PayloadReader;
  readonly #live: Promise<LiveRun>;
  #current: LiveRun | null = null;
  #stopped = false;
  /** True once it was paused or aborted through this object: it may then end as `aborted` without being awaited. */
  #heldBack = false;
  /** Why the caller's signal aborted. */
  #reason: unknown;
  #over = false;

  /** `then`, `catch` and `finally` give plain promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(live: Promise<LiveRun>, { payloads, signal, over }: RunParts) {
    const { promise, resolve } = Promise.withResolvers<RunResult<Answer>>();
    super((settle) => settle(promise));
    this.payloads = payloads;
    this.#live = live.then((ready) => {
      this.#current = ready;
      return ready;
    });
    const abort = () => {
      this.#reason = signal?.reason;
      void this.#stop();
    };
    if (signal?.aborted === true) {
      this.#reason = signal.reason;
      this.#stopped = true;
    }
    signal?.addEventListener("abort", abort, { once: true });
    const ended = this.#finish().finally(() => {
      this.#over = true;
      signal?.removeEventListener("abort", abort);
      if (this.#current !== null) over?.(this.#current);
    });
    ended.catch((error: unknown) => {
      if (this.#heldBack && RLMError.is(error, "aborted")) this.catch(() => {});
    });
    resolve(ended);
  }

  /** The newest snapshot. Throws `nothing_to_do` in the moment before the first node has landed. */
  get graph(): Graph {
    if (this.#current === null)
      throw new RLMError("nothing_to_do", "The run has not begun yet; its first node lands in a moment.");
    return this.#current.graph;
  }

  /**
   * Makes an edit: a cancel at once, anything else at the agent's next transition boundary. Resolves when it
   * has landed, with the ids of its nodes; rejects with `edit_refused` or `unknown_agent` when it can't.
   */
  async apply(edit: Edit): Promise<readonly string[]> {
    return await (await this.#begun()).apply(edit);
  }

  /** What was kept and what was mended when the run was resumed; `null` for a run that was begun here. */
  async resumed(): Promise<Resumed | null> {
    return (await this.#begun()).resumed;
  }

  /** Nothing new starts; resolves with the graph when what was in flight has landed. */
  async pause(): Promise<Graph> {
    const live = await this.#begun();
    this.#heldBack = true;
    await live.pause();
    return live.graph;
  }

  /** Goes on after {@link pause}. */
  unpause(): void {
    this.#current?.unpause();
  }

  /** Cuts what is in flight; the run rejects with `aborted` and can be resumed. Resolves when all has stopped. */
  async abort(): Promise<void> {
    this.#heldBack = true;
    await this.#stop();
  }

  /** Aborts the run unless it is over: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.abort();
  }

  [Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, undefined> {
    // The iterator reports a failure, even if it has not been asked for its first event yet.
    this.catch(() => {});
    return this.#events();
  }

  async *#events(): AsyncGenerator<RunEvent, void, undefined> {
    const live = await this.#live;
    const events: RunEvent[] = [];
    let wake: (() => void) | null = null;
    const stop = live.listen((event) => {
      events.push(event);
      wake?.();
    });
    for (const node of live.graph.walk()) events.push({ type: "node", node });
    const over = () => wake?.();
    this.then(over, over);
    try {
      for (;;) {
        const event = events.shift();
        if (event !== undefined) yield event;
        else if (this.#over) break;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
      await this;
    } finally {
      stop();
    }
  }

  /** The live run. A caller that learns here that it could not begin need not await the run as well. */
  async #begun(): Promise<LiveRun> {
    try {
      return await this.#live;
    } catch (error) {
      this.catch(() => {});
      throw error;
    }
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    const live = await this.#live.catch(() => null);
    await live?.abort();
  }

  async #finish(): Promise<RunResult<Answer>> {
    const live = await this.#live;
    try {
      // Who stopped the run before it began has nothing sent for it.
      if (this.#stopped) await live.abort();
      while (!live.graph.finished) {
        await live.drive();
        if (!live.graph.finished && !live.canMove) throw stuck(live.graph);
      }
      return await resultOf<Answer>(live);
    } catch (error) {
      throw asRunError(error, live.graph, this.#reason);
    }
  }
}

/** What a run depends on beside its live run. */
export interface RunParts {
  readonly payloads: PayloadReader;
  readonly signal?: AbortSignal | undefined;
  /** Called once, when the run has ended in one way or another. */
  readonly over?: ((live: LiveRun) => void) | undefined;
}

/** Nobody can move though the root has not ended. */
function stuck(graph: Graph): RLMError {
  const message =
    graph.length === 0
      ? "This run holds no query: its process died before the first node. Start it again as a new run."
      : "The run is not finished, but no agent can move.";
  return new RunError("nothing_to_do", message, graph);
}

/** Errors of a run carry its graph; the cause of an abort is the reason that the caller gave. */
function asRunError(error: unknown, graph: Graph, reason: unknown): RunError {
  if (error instanceof RunError) return error;
  if (RLMError.is(error, "aborted") && reason !== undefined)
    return new RunError(error.code, error.message, graph, { cause: reason, details: error.details });
  if (RLMError.is(error))
    return new RunError(error.code, error.message, graph, { cause: error, details: error.details });
  const { message } = errorData(error);
  return new RunError("runtime_failed", `The run failed: ${message}`, graph, { cause: error });
}

/** The answer of a finished run. Throws a `RunError` when the root failed. */
async function resultOf<Answer>(live: LiveRun): Promise<RunResult<Answer>> {
  const { graph, journal } = live;
  const head = graph.head(ROOT);
  if (head?.type === "error") throw rootFailure(graph, head, live.rootCause);
  if (head?.type !== "result") throw new RLMError("nothing_to_do", "The run has no answer yet.");
  const answer = await journal.unpack(head.result, head.blobs?.result);
  return { answer: answer as Answer, graph, usage: graph.usage() };
}
