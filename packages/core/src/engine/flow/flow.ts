import { agentState } from "../../data/graph/agent-state.ts";
import { Graph } from "../../data/graph/graph.ts";
import { isRunName, ROOT } from "../../data/ids.ts";
import { deepFreeze, type JsonValue } from "../../data/json.ts";
import type { RunInfo } from "../../data/run-info.ts";
import { RLMError } from "../../errors.ts";
import type { ChatOptions, Client, Message, Reply } from "../../protocols/client.ts";
import type { PayloadReader } from "../../protocols/store.ts";
import type { SchemaLike } from "../../protocols/tool.ts";
import { limitEdits } from "../../rules/limit-edits.ts";
import { copyObject } from "../../schema/json-copy.ts";
import { type ResolvedSchema, resolveSchema } from "../../schema/schema.ts";
import type { FlowSettings } from "../resources/settings.ts";
import type { LiveRun } from "../run/live-run.ts";
import { requireAll } from "../run/resume/requirements.ts";
import { checkPayloads } from "../store/check-payloads.ts";
import { checkGraph, checkOptions, checkQuery, signalOf } from "./check-run-options.ts";
import { type FlowParts, resolveOptions } from "./flow-options.ts";
import { makeRun } from "./new-run.ts";
import { OpenRuns, orClose } from "./open-runs.ts";
import { Run, type RunResult } from "./run.ts";
import { runAsFailure, runAsReply } from "./run-as-reply.ts";
import type { ResumeOptions, RunOptions, StartOptions, StepOptions } from "./run-options.ts";

/**
 * The engine: makes runs of recursive agents from a client, a runtime and tools, and moves them.
 *
 * Owns: the runs it has open and, unless `closeRuntimes` is false, its runtimes: {@link close} closes them.
 * It is a client too, so that agents nest.
 */
export class RLMFlow implements Client {
  readonly protocol = 1;
  readonly model = "rlmflow";
  readonly #settings: FlowSettings;
  readonly #closeRuntimes: boolean;
  readonly #runs: OpenRuns;

  /** Throws one `invalid_options` that names every fault. */
  constructor(options: FlowParts) {
    this.#settings = resolveOptions(options);
    this.#runs = new OpenRuns(this.#settings);
    this.#closeRuntimes = options.closeRuntimes ?? true;
  }

  /** The large values of this flow's runs: `saveTrace(graph, flow)`. */
  get payloads(): PayloadReader {
    return this.#settings.stores.payloads;
  }

  /** A new run of which only the root's query exists. Move it with {@link step}. */
  async start<Answer = JsonValue>(query?: string, options: StartOptions<Answer> = {}): Promise<Graph> {
    const live = await this.#begin("start", query, options);
    this.#runs.rest(live);
    return live.graph;
  }

  /**
   * Moves every agent that can move now by one transition; children made meanwhile move in the next step.
   * A graph that is not its branch's newest is forked: that is rewind. Throws `nothing_to_do`.
   */
  async step(graph: Graph, options: StepOptions = {}): Promise<Graph> {
    checkGraph("step", graph);
    checkOptions("step", options);
    const live = await this.#runs.take(graph, null);
    try {
      await live.step(options.agents ?? null, options.until ?? "transition");
      return live.graph;
    } finally {
      this.#runs.rest(live);
    }
  }

  /** Starts a run and moves it to its end, every agent when it can. */
  run<Answer = JsonValue>(query?: string, options: RunOptions<Answer> = {}): Run<Answer> {
    return this.#runOf(this.#begin("run", query, options), signalOf(options));
  }

  /**
   * Goes on with what is unfinished, from the log: nothing that was answered is asked again. After an end at
   * a limit, `config` must raise that limit. Rejects with `edit_refused` when `config` can't be used.
   */
  resume<Answer = JsonValue>(graph: Graph, options: ResumeOptions<Answer> = {}): Run<Answer> {
    return this.#runOf(this.#resumed(graph, options), signalOf(options));
  }

  /** Gives a finished root a further query in the same REPL. */
  continue<Answer = JsonValue>(
    graph: Graph,
    query: string,
    options: Pick<RunOptions<Answer>, "output" | "signal" | "metadata"> = {},
  ): Run<Answer> {
    return this.#runOf(this.#furtherTask(graph, query, options), signalOf(options));
  }

  /** Answers a conversation by a run: the last message is the query, what came before is its context. */
  async chat(messages: readonly Message[], options: ChatOptions = {}): Promise<Reply> {
    const last = messages.at(-1);
    if (last === undefined) throw new RLMError("invalid_options", "chat needs at least one message.");
    const earlier = messages
      .slice(0, -1)
      .map((message) => `${message.role}: ${message.content}`)
      .join("\n\n");
    const nested = this.#nested(last.content, earlier, options);
    return await nested.then(
      (result) => runAsReply(result, this.model),
      (error: unknown) => {
        throw runAsFailure(error, options.signal);
      },
    );
  }

  /** Stops what is open and closes REPLs, logs and, unless `closeRuntimes` is false, runtimes. */
  async close(): Promise<void> {
    const runtimes = this.#closeRuntimes ? [...this.#settings.runtimes.values()] : [];
    try {
      await this.#runs.close();
    } finally {
      await Promise.all(runtimes.map((runtime) => runtime.close()));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #runOf<Answer>(live: Promise<LiveRun>, signal: AbortSignal | undefined): Run<Answer> {
    return new Run<Answer>(live, {
      payloads: this.payloads,
      signal,
      over: (ended) => this.#runs.rest(ended),
    });
  }

  /** A run inside a run is kept under the outer call's effect key, so that it is found again. */
  async #nested(query: string, context: string, options: ChatOptions): Promise<RunResult<JsonValue>> {
    const output = options.output === undefined ? {} : { output: options.output as SchemaLike<JsonValue> };
    const start = { ...(context === "" ? {} : { context }), ...output };
    if (options.effectKey === undefined)
      return await this.#runOf(this.#begin("run", query, start), options.signal);
    const runId = `nested-${(await this.#settings.environment.digest(options.effectKey)).slice(0, 32)}`;
    return await this.#runOf(this.#taken(query, { ...start, runId }), options.signal);
  }

  /** The run of this id: resumed where there is one that has begun, else a new one. */
  async #taken(query: string, start: StartOptions & { readonly runId: string }): Promise<LiveRun> {
    const schema = this.#rootSchema(start.output);
    const found = await this.#runs.inLine(start.runId, "main", () => this.#found(start.runId, schema));
    return found ?? (await this.#begin("run", query, start));
  }

  async #found(runId: string, schema: ResolvedSchema | null): Promise<LiveRun | null> {
    const open = this.#runs.graphOf(runId, "main");
    if (open !== undefined) return await this.#runs.takeNext(open, schema);
    const kept = await this.#settings.stores.openRun(runId, "main").catch((error) => {
      if (RLMError.is(error, "not_found")) return null;
      throw error;
    });
    const graph =
      kept === null ? null : await orClose(kept, async () => Graph.fromNodes(kept.run, await kept.read()));
    if (kept === null || graph === null || graph.length === 0) {
      await kept?.close();
      return null;
    }
    return await this.#runs.attach(kept, graph, schema);
  }

  async #begin<Answer>(
    method: "start" | "run",
    query: string | undefined,
    options: StartOptions<Answer>,
  ): Promise<LiveRun> {
    this.#runs.assertOpen();
    if (query !== undefined) checkQuery(method, query);
    checkOptions(method, options);
    const { environment } = this.#settings;
    if (query === undefined && options.context === undefined)
      throw new RLMError("invalid_options", "A run needs a query, a context, or both.");
    if (query?.trim() === "") throw emptyQuery();
    if (options.runId !== undefined && !isRunName(options.runId))
      throw new RLMError(
        "invalid_options",
        `${JSON.stringify(options.runId)} can't be a runId: it takes 1 to 64 of letters, digits, "_", "-" and ".", not "." first and no "..".`,
      );
    const schema = this.#rootSchema(options.output);
    const run: RunInfo = deepFreeze({
      runId: options.runId ?? environment.randomId(),
      branch: { id: "main", parent: null, createdAt: environment.now() },
      metadata: options.metadata === undefined ? {} : copyObject(options.metadata, "metadata"),
    });
    const { context } = options;
    return await this.#runs.inLine(run.runId, run.branch.id, async () => {
      if (this.#runs.graphOf(run.runId, run.branch.id) !== undefined) throw alreadyOpen(run);
      const made = await makeRun(this.#settings, { run, query, context, output: schema?.jsonSchema ?? null });
      const live = await this.#runs.add(made.store, made.graph, schema);
      live.admit(ROOT);
      return live;
    });
  }

  async #resumed<Answer>(graph: Graph, options: ResumeOptions<Answer>): Promise<LiveRun> {
    checkGraph("resume", graph);
    checkOptions("resume", options);
    const live = await this.#runs.take(graph, this.#rootSchema(options.output));
    return await this.#orRest(live, async () => {
      for (const edit of limitEdits(live.graph, options.config ?? {})) await live.apply(edit);
    });
  }

  async #furtherTask<Answer>(
    graph: Graph,
    query: string,
    options: Pick<StartOptions<Answer>, "output" | "metadata">,
  ): Promise<LiveRun> {
    checkGraph("continue", graph);
    checkQuery("continue", query);
    checkOptions("continue", options);
    const { output, metadata } = options;
    if (query.trim() === "") throw emptyQuery();
    const first = agentState(graph, ROOT);
    if (first === undefined || !graph.finished)
      throw new RLMError(
        "edit_refused",
        "This run is not finished: resume it, or say something to the root with an edit.",
      );
    const schema = this.#rootSchema(output);
    const { query: last, config } = first;
    requireAll(graph, this.#settings, [ROOT]);
    const live = await this.#runs.take(graph, schema);
    return await this.#orRest(live, async () => {
      // The REPL of a root that has ended is made again from its log.
      await checkPayloads(live.graph, live.store.payloads, [ROOT]);
      await live.assign(async () => ({
        agentId: ROOT,
        query,
        ordinal: last.ordinal + 1,
        depth: 0,
        config,
        contexts: last.contexts,
        output: schema?.jsonSchema ?? null,
        globals: last.globals,
        seed: last.seed,
        tools: last.tools,
        ...(metadata !== undefined && { metadata }),
      }));
    });
  }

  /** The live run when the work is done; given back when the work fails. */
  async #orRest(live: LiveRun, work: () => Promise<unknown>): Promise<LiveRun> {
    try {
      await work();
      return live;
    } catch (error) {
      this.#runs.rest(live);
      throw error;
    }
  }

  #rootSchema(output: SchemaLike | undefined): ResolvedSchema | null {
    return output === undefined ? null : resolveSchema(output, "The output of the run");
  }
}

function alreadyOpen({ runId }: RunInfo): RLMError {
  const message = `Run ${runId} is there already, and this flow has it open; resume its graph, or take another id.`;
  return new RLMError("already_exists", message);
}

function emptyQuery(): RLMError {
  return new RLMError("invalid_options", "The query is empty: say what is to be done.");
}
