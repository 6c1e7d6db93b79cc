import { agentState } from "../data/chain.ts";
import { Graph } from "../data/graph.ts";
import type { JsonValue } from "../data/json.ts";
import type { RunNode } from "../data/node.ts";
import { chainNodeId, ROOT } from "../data/node-id.ts";
import type { RunInfo } from "../data/run-info.ts";
import type { UsageTotal } from "../data/usage.ts";
import { RLMError } from "../errors.ts";
import type { ChatOptions, Client, Message, Reply } from "../protocols/client.ts";
import type { Store } from "../protocols/store.ts";
import type { SchemaLike } from "../protocols/tool.ts";
import { limitEdits } from "../turn/limit-edits.ts";
import { rootConfig } from "../turn/limits.ts";
import { DEFAULT_QUERY, queryDraft, storeContexts } from "./births.ts";
import { type FlowOptions, resolveOptions } from "./flow-options.ts";
import { Journal } from "./journal.ts";
import { LiveRun } from "./live-run.ts";
import { latestTime } from "./recovered.ts";
import { requireAll } from "./requirements.ts";
import { Run } from "./run.ts";
import type { ResumeOptions, RunOptions, StartOptions, StepOptions } from "./run-options.ts";
import { type ResolvedSchema, resolveSchema } from "./schema.ts";
import type { FlowSettings } from "./settings.ts";
import { sharedNodes } from "./shared-nodes.ts";
import { steadyEnvironment } from "./steady-environment.ts";

/**
 * The engine: makes runs of recursive agents from a client, a runtime and tools, and moves them.
 *
 * Owns: the runs it has open, and, unless told otherwise, its runtimes: {@link close} closes them.
 * It is a client too, so that agents nest.
 */
export class RLMFlow implements Client {
  readonly protocol = 1;
  readonly model = "rlmflow";
  readonly #settings: FlowSettings;
  readonly #closeRuntimes: boolean;
  readonly #open = new Map<string, LiveRun>();
  #closed = false;

  /** Throws one `invalid_options` that names every fault. */
  constructor(options: FlowOptions) {
    this.#settings = resolveOptions(options);
    this.#closeRuntimes = options.closeRuntimes ?? true;
  }

  /** A new run of which only the root's query exists. Move it with {@link step}. */
  async start<Answer = JsonValue>(query?: string, options: StartOptions<Answer> = {}): Promise<Graph> {
    return (await this.#begin(query, options)).graph;
  }

  /**
   * Moves every agent that can move now by one transition; agents born meanwhile move in the next step.
   * A graph that is not its branch's newest is forked: that is rewind. Throws `nothing_to_do`.
   */
  async step(graph: Graph, options: StepOptions = {}): Promise<Graph> {
    const live = await this.#live(graph, null);
    await live.step(options.agents ?? null, options.until ?? "transition");
    return live.graph;
  }

  /** Starts a run and moves it to its end, every agent when it can. */
  run<Answer = JsonValue>(query?: string, options: RunOptions<Answer> = {}): Run<Answer> {
    return new Run<Answer>(this.#begin(query, options), options.signal);
  }

  /**
   * Goes on with what is unfinished, from the log: nothing that was answered is asked again. After an end at
   * a limit, `config` must raise that limit. Rejects with `edit_refused` when `config` can't be used.
   */
  resume<Answer = JsonValue>(graph: Graph, options: ResumeOptions<Answer> = {}): Run<Answer> {
    return new Run<Answer>(this.#resumed(graph, options), options.signal);
  }

  /** Gives a finished root a further task in the same REPL. */
  continue<Answer = JsonValue>(
    graph: Graph,
    query: string,
    options: Pick<RunOptions<Answer>, "output" | "signal" | "metadata"> = {},
  ): Run<Answer> {
    return new Run<Answer>(this.#furtherTask(graph, query, options), options.signal);
  }

  /** Answers a conversation by a run: the last message is the query, what came before is its context. */
  async chat(messages: readonly Message[], options: ChatOptions = {}): Promise<Reply> {
    const last = messages.at(-1);
    if (last === undefined) throw new RLMError("invalid_options", "chat needs at least one message.");
    const earlier = messages
      .slice(0, -1)
      .map((message) => `${message.role}: ${message.content}`)
      .join("\n\n");
    const { answer, usage } = await this.#nested(last.content, earlier, options);
    return {
      text: typeof answer === "string" ? answer : JSON.stringify(answer),
      finishReason: "stop",
      model: this.model,
      usage: {
        input: usage.unknownTokens > 0 ? null : usage.input,
        cached: usage.cached,
        output: usage.unknownTokens > 0 ? null : usage.output,
        reasoning: usage.reasoning,
        costMicroUsd: usage.unknownCost > 0 ? null : usage.costMicroUsd,
      },
    };
  }

  /** Stops what is open and closes REPLs, logs and, unless `closeRuntimes` is false, runtimes. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(
      open.map(async (live) => {
        await live.abort();
        await live.close();
        await live.journal.store.close();
      }),
    );
    if (this.#closeRuntimes)
      await Promise.all([...this.#settings.runtimes.values()].map((runtime) => runtime.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A run inside a run is kept under the outer call's effect key, so that it is found again. */
  async #nested(
    query: string,
    context: string,
    options: ChatOptions,
  ): Promise<{ answer: JsonValue; usage: UsageTotal }> {
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const output = options.output === undefined ? {} : { output: options.output as SchemaLike<JsonValue> };
    const start = { ...(context === "" ? {} : { context }), ...signal, ...output };
    if (options.effectKey === undefined) return await this.run<JsonValue>(query, start);
    const runId = `nested-${(await this.#settings.environment.digest(options.effectKey)).slice(0, 32)}`;
    const kept = await this.#settings.stores.openRun(runId, "main").catch((error) => {
      if (RLMError.is(error, "not_found")) return null;
      throw error;
    });
    if (kept === null) return await this.run<JsonValue>(query, { ...start, runId });
    const graph = Graph.fromNodes(kept.run, await kept.read());
    return await new Run<JsonValue>(
      this.#attach(kept, graph, this.#rootSchema(options.output)),
      options.signal,
    );
  }

  async #begin<Answer>(query: string | undefined, options: StartOptions<Answer>): Promise<LiveRun> {
    this.#assertOpen();
    const { environment, stores, config, defaultModel, defaultRuntime } = this.#settings;
    if (query === undefined && options.context === undefined)
      throw new RLMError("invalid_options", "A run needs a query, a context, or both.");
    if (query !== undefined && query.trim() === "")
      throw new RLMError("invalid_options", "The query is empty: say what is to be done.");
    const schema = this.#rootSchema(options.output);
    const runId = options.runId ?? environment.randomId();
    const run: RunInfo = {
      runId,
      branch: { id: "main", parent: null, createdAt: environment.now() },
      metadata: options.metadata ?? {},
    };
    const live = this.#add(await stores.createRun(run), Graph.empty(run), schema);
    const base = rootConfig(config, defaultModel, defaultRuntime);
    const runtime =
      this.#settings.runtimeFor?.({ agentId: ROOT, depth: 0, query: query ?? DEFAULT_QUERY, config: base }) ??
      defaultRuntime;
    const draft = await queryDraft(this.#settings, live.journal, {
      agentId: ROOT,
      query: query ?? DEFAULT_QUERY,
      turn: 0,
      depth: 0,
      config: { ...base, runtime },
      contexts: await storeContexts(live.journal, options.context),
      output: schema?.jsonSchema ?? null,
      globals: this.#settings.globals,
      seed: `${runId}/${ROOT}`,
    });
    await live.journal.appendChain(ROOT, [draft]);
    live.admit(ROOT);
    return live;
  }

  async #resumed<Answer>(graph: Graph, options: ResumeOptions<Answer>): Promise<LiveRun> {
    const live = await this.#live(graph, this.#rootSchema(options.output));
    for (const edit of limitEdits(live.graph, options.config ?? {})) await live.apply(edit);
    return live;
  }

  async #furtherTask<Answer>(
    graph: Graph,
    query: string,
    options: Pick<StartOptions<Answer>, "output" | "metadata">,
  ): Promise<LiveRun> {
    if (!graph.finished)
      throw new RLMError(
        "edit_refused",
        "This run is not finished: resume it, or say something to the root with an edit.",
      );
    const schema = this.#rootSchema(options.output);
    const live = await this.#live(graph, schema);
    const state = agentState(live.graph, ROOT);
    if (state === undefined) throw new RLMError("invalid_graph", "This graph has no root.");
    const draft = await queryDraft(this.#settings, live.journal, {
      agentId: ROOT,
      query,
      turn: state.query.turn + 1,
      depth: 0,
      config: state.config,
      contexts: state.query.contexts,
      output: schema?.jsonSchema ?? null,
      globals: state.query.globals,
      seed: state.query.seed,
      ...(options.metadata !== undefined && { metadata: options.metadata }),
    });
    await live.journal.appendChain(ROOT, [draft]);
    live.admit(ROOT);
    return live;
  }

  #rootSchema(output: SchemaLike | undefined): ResolvedSchema | null {
    return output === undefined ? null : resolveSchema(output, "The output of the run");
  }

  /** The live run of this graph: the open one, its branch opened again, or a fork where the graph is older. */
  async #live(graph: Graph, schema: ResolvedSchema | null): Promise<LiveRun> {
    this.#assertOpen();
    const { open, failed } = await this.#usable(graph);
    if (open?.aborted === true && open.graph.length === graph.length)
      return await this.#attach(open.journal.store, graph, schema);
    if (open !== undefined && open.graph.length === graph.length && graph.isPrefixOf(open.graph)) {
      if (schema !== null) open.schemas.useForRoot(schema);
      return open;
    }
    const kept = open === undefined ? await this.#reopen(graph, failed) : null;
    if (kept !== null && "store" in kept) return await this.#attach(kept.store, kept.graph, schema);
    const log = kept?.nodes ?? [...(open?.graph ?? graph).walk()];
    return await this.#fork(graph, log[sharedNodes(graph, log) - 1]?.id ?? chainNodeId(ROOT, 0), schema);
  }

  /** A branch of its own for a graph that its branch does not hold; `at` is the last node they share. */
  async #fork(graph: Graph, at: string, schema: ResolvedSchema | null): Promise<LiveRun> {
    const { environment, stores } = this.#settings;
    const run: RunInfo = {
      ...graph.run,
      branch: {
        id: environment.randomId(),
        parent: { branch: graph.branch, at },
        createdAt: environment.now(),
      },
    };
    return await this.#attach(await stores.forkRun(run, [...graph.walk()]), graph.onBranch(run), schema);
  }

  /** The open run of the graph's branch. One that failed is closed, so that its log is opened again. */
  async #usable(graph: Graph): Promise<{ readonly open: LiveRun | undefined; readonly failed: boolean }> {
    const open = this.#open.get(keyOf(graph.run));
    if (open?.failed !== true) return { open, failed: false };
    this.#open.delete(keyOf(graph.run));
    await open.abort();
    await open.close();
    await open.journal.store.close().catch(() => {});
    return { open: undefined, failed: true };
  }

  /**
   * The store of the graph's branch, when it holds exactly this graph; its nodes when it does not. After a
   * failed write it may hold more: lines that were kept though nobody could be told.
   */
  async #reopen(
    graph: Graph,
    afterFailure: boolean,
  ): Promise<
    { readonly store: Store; readonly graph: Graph } | { readonly nodes: readonly RunNode[] } | null
  > {
    const { runId, branch } = graph.run;
    const store = await this.#settings.stores.openRun(runId, branch.id).catch((error) => {
      if (RLMError.is(error, "not_found")) return null;
      throw error;
    });
    if (store === null) return null;
    const nodes = await store.read();
    const goesOn = sharedNodes(graph, nodes) === graph.length;
    if (goesOn && nodes.length === graph.length) return { store, graph };
    if (goesOn && afterFailure) return { store, graph: Graph.fromNodes(store.run, nodes) };
    await store.close();
    return { nodes };
  }

  async #attach(store: Store, graph: Graph, schema: ResolvedSchema | null): Promise<LiveRun> {
    requireAll(graph, this.#settings);
    const live = this.#add(store, graph, schema);
    await live.attach();
    return live;
  }

  #add(store: Store, graph: Graph, schema: ResolvedSchema | null): LiveRun {
    const environment = steadyEnvironment(this.#settings.environment, latestTime(graph));
    const live = new LiveRun(
      { ...this.#settings, environment },
      (heard) => new Journal(store, graph, environment, heard),
      schema,
    );
    this.#open.set(keyOf(graph.run), live);
    return live;
  }

  #assertOpen(): void {
    if (this.#closed) throw new RLMError("closed", "This flow is closed; make a new one.");
  }
}

function keyOf(run: RunInfo): string {
  return `${run.runId}/${run.branch.id}`;
}
