import type { Edit } from "../../data/edit.ts";
import { type AgentState, agentState } from "../../data/graph/agent-state.ts";
import type { Graph } from "../../data/graph/graph.ts";
import { parentAgent, ROOT } from "../../data/ids.ts";
import { endsAgent, type RunNode } from "../../data/node.ts";
import { RLMError } from "../../errors.ts";
import type { RunControl } from "../../protocols/inbox.ts";
import type { Store } from "../../protocols/store.ts";
import { type Gap, nextMove } from "../../rules/next-move.ts";
import { AnswerSchemas } from "../../schema/answer-schemas.ts";
import type { ResolvedSchema } from "../../schema/schema.ts";
import { endExhausted } from "../agent/ask-model.ts";
import type { NewQuery } from "../agent/query-draft.ts";
import type { RunEvent } from "../agent/run-event.ts";
import { advance } from "../agent/transition.ts";
import { ReplPool } from "../repl/repl-pool.ts";
import { agentBudget } from "../resources/agent-budget.ts";
import type { FlowSettings } from "../resources/settings.ts";
import { Journal } from "../store/journal.ts";
import type { ChainDraft } from "../store/node-draft.ts";
import { Cancels } from "./edit/cancels.ts";
import { InboxReader } from "./edit/inbox-reader.ts";
import { LiveEdits } from "./edit/live-edits.ts";
import { type LocalPortParts, localPort } from "./local-port.ts";
import { Pause } from "./pause.ts";
import { resumeRun } from "./resume/resume-run.ts";
import { latestTime, type Resumed } from "./resume/resumed.ts";
import { RootQueries } from "./resume/root-queries.ts";
import type { LiveAgent } from "./schedule/live-agent.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { TimeLimits } from "./schedule/time-limits.ts";

/**
 * One branch while it moves: brings the log, the REPLs, the budget and the scheduler together.
 *
 * Owns: the journal, scheduler, pool of REPLs and clocks of the branch. Does not own: the store (open-runs.ts does),
 * clients and runtimes (the flow does).
 * A node that ends an agent reaches the mailbox of the agent's parent in the same step in which it enters the graph.
 */
export class LiveRun {
  readonly store: Store;
  readonly journal: Journal;
  readonly schemas: AnswerSchemas;
  readonly #settings: FlowSettings;
  readonly #repls: ReplPool;
  readonly #scheduler: Scheduler;
  readonly #cancels: Cancels;
  readonly #clocks: TimeLimits;
  readonly #edits: LiveEdits;
  readonly #rootQueries: RootQueries;
  readonly #inbox: InboxReader | null;
  #gap: Gap | null = null;
  #resumed: Resumed | null = null;
  readonly #pause = new Pause(() => this.wake());
  #rootCause: unknown;
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #ports: LocalPortParts;

  constructor(settings: FlowSettings, store: Store, graph: Graph, rootSchema: ResolvedSchema | null) {
    this.#settings = settings;
    this.store = store;
    this.schemas = new AnswerSchemas(rootSchema);
    this.journal = new Journal(store, graph, settings.environment);
    this.journal.listen((node) => this.#heard(node));
    this.#repls = new ReplPool(this.journal, settings);
    this.#scheduler = new Scheduler({
      begin: (agent) => this.#begin(agent),
      hasEnded: (agentId) => this.#hasEnded(agentId),
      retired: (agentId) => this.#retired(agentId),
    });
    const { environment } = settings;
    const parts = { environment, journal: this.journal, scheduler: this.#scheduler, repls: this.#repls };
    this.#cancels = new Cancels(parts);
    this.#clocks = new TimeLimits({
      environment,
      gap: () => this.#gap,
      stateOf: (agentId) => this.#state(agentId),
      timeIsUp: (agentId) => this.#scheduler.hold(() => this.#timeIsUp(agentId)),
      failed: (error) => this.#fail(error),
    });
    this.#edits = new LiveEdits({
      ...parts,
      settings,
      schemas: this.schemas,
      clocks: this.#clocks,
      cancels: this.#cancels,
      admit: (agentId) => this.admit(agentId),
    });
    this.#ports = {
      settings,
      journal: this.journal,
      repls: this.#repls,
      cancels: this.#cancels,
      promised: new Set(),
      schemaOf: (query) => this.schemas.of(query),
      spawn: (agentId, query) => this.#spawn(agentId, query),
      tell: (agentId, news) => {
        if (news.type !== "failed") this.#tell({ ...news, agentId });
        else if (agentId === ROOT) this.#rootCause = news.error;
      },
    };
    this.#rootQueries = new RootQueries(settings, this.journal);
    this.#inbox = this.#openInbox();
  }

  get graph(): Graph {
    return this.journal.graph;
  }

  /** True after {@link abort}: the log can be resumed, by another live run. */
  get aborted(): boolean {
    return this.#scheduler.stopped;
  }

  /** True after the store has failed, or something of ours: nothing moves any more. */
  get failed(): boolean {
    return this.#scheduler.failed;
  }

  /** What was found when the run was resumed; `null` for one that was begun here. */
  get resumed(): Resumed | null {
    return this.#resumed;
  }

  /** What the root failed of in this process; the log keeps it only in words. */
  get rootCause(): unknown {
    return this.#rootCause;
  }

  /** True when an agent could move. */
  get canMove(): boolean {
    return this.#scheduler.canMove;
  }

  listen(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resumes every unfinished agent of the graph, and takes what the inbox holds. To be called once, before anything moves. */
  async attach(): Promise<void> {
    this.#gap = { from: latestTime(this.graph), to: this.#settings.environment.now() };
    this.#resumed = await resumeRun({
      settings: this.#settings,
      store: this.store,
      journal: this.journal,
      scheduler: this.#scheduler,
      cancels: this.#cancels,
      agent: (agentId) => this.#agent(agentId),
      spawn: (agentId, query) => this.#spawn(agentId, query),
    });
    await this.#inbox?.takeWaiting();
  }

  /** Gives the root a query, its first or a further one. Rejects with `edit_refused` while it is at work. */
  async assign(query: () => Promise<NewQuery>): Promise<void> {
    await this.#rootQueries.assign(query);
    this.admit(ROOT);
  }

  /** Makes an agent able to move whose query has just been appended. */
  admit(agentId: string): void {
    this.#agent(agentId);
    this.#scheduler.ready(agentId);
  }

  /**
   * Moves agents until the root has ended or nobody can move; while it is paused it waits. Rejects with
   * `aborted`, or when the store failed.
   */
  async drive(): Promise<void> {
    this.#inbox?.start();
    try {
      do {
        await this.#pause.whenOver();
        await this.#scheduler.drive();
      } while (this.#pause.isOn && !this.#scheduler.stopped && !this.graph.finished);
    } finally {
      await this.#inbox?.stop();
    }
    if (!this.#scheduler.stopped) return;
    throw new RLMError("aborted", "The run was aborted; resume its graph to go on.", {
      details: { runId: this.graph.run.runId },
    });
  }

  /** Every agent that can move now, or those named, makes one transition; with `turn`, reply and run count as one. */
  async step(agents: readonly string[] | null, until: "transition" | "turn"): Promise<void> {
    await this.#inbox?.takeWaiting();
    const moved = await this.#scheduler.step(agents);
    const replied = moved.filter(
      (agentId) => nextMove(this.graph, agentId, this.#settings.environment.now(), this.#gap)?.kind === "run",
    );
    if (until === "turn" && replied.length > 0) await this.#scheduler.step(replied);
  }

  /** Nothing new starts until {@link unpause}; what is in flight lands. Resolves when it has. */
  async pause(): Promise<void> {
    if (this.#pause.begin()) this.#tell({ type: "paused" });
    await this.#scheduler.pause();
    if (this.#pause.isOn) this.rest();
  }

  /** Goes on after {@link pause}. */
  unpause(): void {
    if (this.#pause.end()) this.#tell({ type: "unpaused" });
  }

  /** The run does not move for now, so its REPLs may be closed to make room for those of other runs. */
  rest(): void {
    this.#repls.rest();
  }

  /** The run is about to move: its REPLs are kept until it rests again. */
  wake(): void {
    this.#repls.wake();
  }

  /** Cuts every request in flight; nothing more is sent. The log can be attached to again. */
  async abort(): Promise<void> {
    this.#scheduler.stopAll();
    this.#clocks.close();
    this.#pause.end();
    await this.#repls.close();
    await this.#scheduler.whenQuiet();
  }

  /** Closes the REPLs; the log stays. */
  async close(): Promise<void> {
    this.#clocks.close();
    await this.#repls.close();
  }

  /** Lands an edit at the agent's next transition boundary, a cancel at once; gives the ids of its nodes. */
  async apply(edit: Edit, entry?: string): Promise<readonly string[]> {
    return await this.#edits.apply(edit, entry);
  }

  #openInbox(): InboxReader | null {
    const { inbox } = this.store;
    if (inbox === undefined) return null;
    return new InboxReader(inbox, {
      graph: () => this.graph,
      isOver: () => this.aborted || this.failed,
      apply: (edit, entry) => this.apply(edit, entry),
      control: (kind) => this.#control(kind),
      refused: (edit, reason) => this.#tell({ type: "refused", agentId: edit.agentId, edit, reason }),
      failed: (error) => this.#fail(error),
    });
  }

  async #control(kind: RunControl["kind"]): Promise<void> {
    // A pause is in force at once; nobody need wait here until what is in flight has landed.
    if (kind === "pause") void this.pause();
    else if (kind === "unpause") this.unpause();
    else await this.abort();
  }

  /** Ends all moving, also of a run that is paused. */
  #fail(error: unknown): void {
    this.#scheduler.fail(error);
    this.#pause.end();
  }

  #state(agentId: string): AgentState {
    const state = agentState(this.graph, agentId);
    if (state === undefined) throw new RLMError("unknown_agent", `There is no agent ${agentId}.`);
    return state;
  }

  #hasEnded(agentId: string): boolean {
    const head = this.graph.head(agentId);
    return head === undefined || endsAgent(head);
  }

  #agent(agentId: string): LiveAgent {
    const known = this.#scheduler.agent(agentId);
    if (known !== undefined) return known;
    const above = this.#scheduler.agent(parentAgent(agentId) ?? "")?.budget ?? null;
    const agent = this.#scheduler.add(agentId, agentBudget(this.graph, agentId, above));
    this.#clocks.watch(agentId);
    return agent;
  }

  #begin(agent: LiveAgent) {
    return advance(localPort(agent, this.#ports), this.#gap);
  }

  #heard(node: RunNode): void {
    this.#tell({ type: "node", node });
    if (!endsAgent(node)) return;
    if (node.agentId === ROOT) this.#pause.end();
    const query = agentState(this.graph, node.agentId)?.query;
    const parentId = parentAgent(node.agentId);
    if (parentId !== null && query !== undefined && query.parentId !== null)
      this.#scheduler.childEnded(parentId, query.parentId);
  }

  #tell(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  async #spawn(agentId: string, query: ChainDraft): Promise<void> {
    const last = this.graph.chain(agentId).findLast((node) => node.type === "query");
    if (last?.parentId !== query.parentId) await this.journal.appendChain(agentId, [query]);
    this.#ports.promised.delete(agentId);
    this.admit(agentId);
  }

  #retired(agentId: string): void {
    this.#clocks.forget(agentId);
    // Only the root's REPL stays: a further query of another agent rebuilds its own.
    if (agentId !== ROOT) void this.#repls.drop(agentId);
  }

  /** Ends an agent whose query has taken too long, wherever it stands. */
  async #timeIsUp(agentId: string): Promise<void> {
    const agent = this.#scheduler.agent(agentId);
    if (agent === undefined) return;
    await this.#cancels.end(agent, async () => {
      if (this.#scheduler.stopped) return;
      const state = this.#state(agent.agentId);
      const limit = { name: "maxDurationMs", value: state.config.maxDurationMs ?? 0 };
      await endExhausted(localPort(agent, this.#ports), state, limit);
    });
  }
}
