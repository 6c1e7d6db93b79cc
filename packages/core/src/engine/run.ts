import type { Edit } from "../data/edit.ts";
import type { Graph } from "../data/graph.ts";
import type { JsonValue } from "../data/json.ts";
import { ROOT } from "../data/node-id.ts";
import type { UsageTotal } from "../data/usage.ts";
import { RLMError } from "../errors.ts";
import { errorData } from "./error-data.ts";
import type { LiveRun } from "./live-run.ts";
import type { Recovered } from "./resume/recovered.ts";
import { RunError, rootFailure } from "./run-error.ts";
import type { RunEvent } from "./run-event.ts";

/** What a finished run gives. */
export interface RunResult<Answer> {
  readonly answer: Answer;
  readonly graph: Graph;
  /** Of the whole tree, failed requests and sub-LLM queries included. */
  readonly usage: UsageTotal;
}

/**
 * A run on its way. Await it for the answer, or iterate it for what happens: nodes as they land (those
 * that have landed already first), and provisional text. Both may be done, any number of times. It
 * rejects with a `RunError` that has `code` and `graph`.
 */
export class Run<Answer = JsonValue> implements PromiseLike<RunResult<Answer>>, AsyncIterable<RunEvent> {
  readonly #live: Promise<LiveRun>;
  readonly #result: Promise<RunResult<Answer>>;
  #current: LiveRun | null = null;
  #stopped = false;
  /** Why the caller's signal aborted. */
  #reason: unknown;
  #over = false;

  constructor(live: Promise<LiveRun>, { signal, over }: RunParts = {}) {
    this.#live = live.then((ready) => {
      this.#current = ready;
      return ready;
    });
    const abort = () => {
      this.#reason = signal?.reason;
      void this.abort();
    };
    if (signal?.aborted === true) {
      this.#reason = signal.reason;
      this.#stopped = true;
    }
    signal?.addEventListener("abort", abort, { once: true });
    this.#result = this.#finish().finally(() => {
      this.#over = true;
      signal?.removeEventListener("abort", abort);
      if (this.#current !== null) over?.(this.#current);
    });
    // Who only iterates hears of a failure through the iterator.
    this.#result.catch(() => {});
  }

  /** The newest snapshot. Throws `nothing_to_do` in the moment before the first node has landed. */
  get graph(): Graph {
    if (this.#current === null)
      throw new RLMError("nothing_to_do", "The run has not begun yet; its first node lands in a moment.");
    return this.#current.graph;
  }

  then<A = RunResult<Answer>, B = never>(
    fulfilled?: ((result: RunResult<Answer>) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(fulfilled, rejected);
  }

  /**
   * Makes an edit: a cancel at once, anything else at the agent's next transition boundary. Resolves when it
   * has landed, with the ids of its nodes; rejects with `edit_refused` or `unknown_agent` when it can't.
   */
  async apply(edit: Edit): Promise<readonly string[]> {
    return await (await this.#live).apply(edit);
  }

  /** What was kept and what was mended when the run was taken up; `null` for a run that was begun here. */
  async recovered(): Promise<Recovered | null> {
    return (await this.#live).recovered;
  }

  /** Nothing new starts; resolves with the graph when what was in flight has landed. */
  async pause(): Promise<Graph> {
    const live = await this.#live;
    await live.pause();
    return live.graph;
  }

  /** Goes on after {@link pause}. */
  unpause(): void {
    this.#current?.unpause();
  }

  /** Cuts what is in flight; the run rejects with `aborted` and can be resumed. Resolves when all has stopped. */
  async abort(): Promise<void> {
    this.#stopped = true;
    const live = await this.#live.catch(() => null);
    await live?.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent, void, undefined> {
    const live = await this.#live;
    const events: RunEvent[] = [];
    let wake: (() => void) | null = null;
    const stop = live.listen((event) => {
      events.push(event);
      wake?.();
    });
    for (const node of live.graph.walk()) events.push({ type: "node", node });
    const over = () => wake?.();
    this.#result.then(over, over);
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
      await this.#result;
    } finally {
      stop();
    }
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
  readonly signal?: AbortSignal | undefined;
  /** Called once, when the run has ended in one way or another. */
  readonly over?: ((live: LiveRun) => void) | undefined;
}

/** Nobody can move though the root has not ended. */
function stuck(graph: Graph): RLMError {
  const message =
    graph.length === 0
      ? "This run holds no task: its process died before the first node. Start it again as a new run."
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
