import { cancelNodes, editNodes } from "../data/apply-edit.ts";
import { type AgentState, agentState } from "../data/chain.ts";
import type { Edit } from "../data/edit.ts";
import type { Graph } from "../data/graph.ts";
import { endsAgent, type Origin, type RunNode } from "../data/node.ts";
import { parentAgent, ROOT } from "../data/node-id.ts";
import { RLMError } from "../errors.ts";
import { nextMove, unfinishedAgents } from "../turn/plan.ts";
import type { AgentPort, Birth } from "./agent-port.ts";
import { AnswerSchemas } from "./answer-schemas.ts";
import { endExhausted } from "./ask-model.ts";
import { childDraft } from "./births.ts";
import { Budget } from "./budget.ts";
import type { Journal } from "./journal.ts";
import { lostBirths, waitsComplete } from "./recovery.ts";
import { ReplPool } from "./repl-pool.ts";
import { limitsOf } from "./request.ts";
import { Scheduler } from "./scheduler.ts";
import type { ResolvedSchema } from "./schema.ts";
import type { FlowSettings } from "./settings.ts";
import type { Slot } from "./slot.ts";
import { transition } from "./transition.ts";

/** Something a live run tells whoever looks on: nodes as they land, and hints that are not on record. */
export type RunEvent =
  | { readonly type: "node"; readonly node: RunNode }
  | { readonly type: "text" | "output"; readonly agentId: string; readonly text: string };

/**
 * One branch while it moves: brings the log, the REPLs, the budget and the scheduler together.
 *
 * Owns: the live REPLs and the budget. Does not own: the log (the journal does), the order of moves
 * (the scheduler does), clients and runtimes (the flow does).
 * 1. A node that ends an agent reaches its parent's slot in the moment it is in the graph.
 * 2. An agent is cancelled only after its transition has stopped, so its log has one writer.
 */
export class LiveRun {
  readonly journal: Journal;
  readonly schemas: AnswerSchemas;
  readonly #settings: FlowSettings;
  readonly #repls: ReplPool;
  readonly #scheduler: Scheduler;
  readonly #listeners = new Set<(event: RunEvent) => void>();

  constructor(
    settings: FlowSettings,
    makeJournal: (heard: (node: RunNode) => void) => Journal,
    rootSchema: ResolvedSchema | null,
  ) {
    this.#settings = settings;
    this.schemas = new AnswerSchemas(rootSchema);
    this.journal = makeJournal((node) => this.#heard(node));
    this.#repls = new ReplPool(this.journal, settings);
    this.#scheduler = new Scheduler({
      begin: (slot) => this.#begin(slot),
      landed: (slot) => this.#landEdits(slot),
      hasEnded: (agentId) => this.#hasEnded(agentId),
      // Only the root's REPL stays: a further task of another agent rebuilds its own.
      retired: (agentId) => void (agentId === ROOT ? null : this.#repls.drop(agentId)),
    });
  }

  get graph(): Graph {
    return this.journal.graph;
  }

  /** True after {@link abort}: the log can be taken up again, by another live run. */
  get aborted(): boolean {
    return this.#scheduler.stopped;
  }

  /** True when an agent could move. */
  get canMove(): boolean {
    return this.#scheduler.canMove;
  }

  listen(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes up every unfinished agent of the graph. To be called once, before anything moves. */
  async attach(): Promise<void> {
    const agents = unfinishedAgents(this.graph);
    for (const agentId of agents) this.#slot(agentId);
    for (const agentId of agents.toReversed()) {
      const suspended =
        this.#state(agentId).head.type === "supervising" && !waitsComplete(this.graph, agentId);
      if (suspended) this.#slot(agentId).parked = true;
      else this.#scheduler.ready(agentId);
    }
    for (const birth of lostBirths(this.graph, this.#settings)) await this.#spawn(birth);
  }

  /** Makes an agent able to move whose query has just been appended. */
  admit(agentId: string): void {
    this.#slot(agentId);
    this.#scheduler.ready(agentId);
  }

  /** Moves agents until the root has ended, nobody can move, or {@link pause} was called. Rejects with `aborted`, or when the store failed. */
  async drive(): Promise<void> {
    await this.#scheduler.drive();
    if (!this.#scheduler.stopped) return;
    throw new RLMError("aborted", "The run was aborted; resume its graph to go on.", {
      details: { runId: this.graph.run.runId },
    });
  }

  /** Every agent that can move now, or those named, makes one transition; with `turn`, reply and run count as one. */
  async step(agents: readonly string[] | null, until: "transition" | "turn"): Promise<void> {
    const moved = await this.#scheduler.step((agentId) => agents === null || agents.includes(agentId));
    const replied = moved.filter(
      (agentId) => nextMove(this.graph, agentId, this.#settings.environment.now())?.kind === "run",
    );
    if (until === "turn" && replied.length > 0)
      await this.#scheduler.step((agentId) => replied.includes(agentId));
  }

  /** Nothing new starts; what is in flight lands. Resolves when it has. */
  async pause(): Promise<void> {
    await this.#scheduler.pause();
  }

  /** Cuts every request in flight; nothing more is sent. The log can be attached to again. */
  async abort(): Promise<void> {
    this.#scheduler.stopAll();
    await this.#repls.close();
    await this.#scheduler.whenQuiet();
  }

  /** Closes the REPLs; the log stays. */
  async close(): Promise<void> {
    this.#scheduler.close();
    await this.#repls.close();
  }

  /** Lands an edit at the agent's next transition boundary, a cancel at once. */
  async apply(edit: Edit): Promise<void> {
    if (edit.kind === "cancel") {
      editNodes(this.graph, edit, 0);
      const reason = edit.reason ?? "cancelled by a user";
      return await this.#scheduler.hold(() => this.#cancel([edit.agentId], reason, "user"));
    }
    const slot = this.#scheduler.slot(edit.agentId);
    if (slot === undefined || slot.busy === null) return await this.#scheduler.hold(() => this.#land(edit));
    await new Promise<void>((resolve, reject) => slot.edits.push({ edit, resolve, reject }));
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

  #slot(agentId: string): Slot {
    const known = this.#scheduler.slot(agentId);
    if (known !== undefined) return known;
    const slot = this.#scheduler.add(agentId, this.#budget(agentId));
    void this.#limitDuration(slot);
    return slot;
  }

  /** The parent's budget, or a part of it where this agent's limits are others. */
  #budget(agentId: string): Budget {
    const limits = limitsOf(this.#state(agentId).config);
    const parentId = parentAgent(agentId);
    const above = parentId === null ? undefined : this.#scheduler.slot(parentId)?.budget;
    if (above !== undefined && parentId !== null) {
      const inherited = limitsOf(this.#state(parentId).config);
      if (inherited.tokens === limits.tokens && inherited.microUsd === limits.microUsd) return above;
    }
    const budget = new Budget(limits, above ?? null);
    budget.book(this.graph.usage(agentId));
    return budget;
  }

  #begin(slot: Slot) {
    const move = nextMove(this.graph, slot.agentId, this.#settings.environment.now());
    return move === undefined ? null : transition(this.#port(slot), move);
  }

  async #land(edit: Edit): Promise<void> {
    for (const { agentId, nodes } of editNodes(this.graph, edit, this.#settings.environment.now())) {
      await this.journal.append(agentId, nodes);
    }
    const slot = this.#scheduler.slot(edit.agentId);
    if (edit.kind === "config") slot?.budget.setLimits(limitsOf(this.#state(edit.agentId).config));
    if (edit.kind !== "result" || slot === undefined) return;
    await this.#cancel(this.graph.children(edit.agentId), "a user gave its parent's result", "engine");
    if (slot.busy === null) {
      this.#scheduler.stop(slot);
      this.#scheduler.retire(slot);
    }
  }

  async #landEdits(slot: Slot): Promise<void> {
    for (const queued of slot.edits.splice(0))
      await this.#land(queued.edit).then(queued.resolve, queued.reject);
  }

  #heard(node: RunNode): void {
    this.#tell({ type: "node", node });
    if (!endsAgent(node)) return;
    const task = agentState(this.graph, node.agentId)?.query;
    const parentId = parentAgent(node.agentId);
    if (parentId !== null && task !== undefined && task.parentId !== null)
      this.#scheduler.childEnded(parentId, task.parentId);
  }

  #tell(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #port(slot: Slot): AgentPort {
    const { agentId, arrivals, budget, running } = slot;
    return {
      agentId,
      arrivals,
      budget,
      running,
      settings: this.#settings,
      journal: this.journal,
      repls: this.#repls,
      signal: slot.controller.signal,
      schemaOf: (query) => this.schemas.of(query),
      spawn: (birth) => this.#spawn(birth),
      park: (waits) => {
        slot.waits = waits;
      },
      cancelBelow: (reason, children = this.graph.children(agentId)) =>
        this.#cancel(children, reason, "engine"),
      hint: (hint) => this.#tell({ ...hint, agentId }),
    };
  }

  async #spawn(birth: Birth): Promise<void> {
    const { agentId } = birth.plan;
    const query = this.graph.chain(agentId).findLast((node) => node.type === "query");
    if (query?.parentId !== birth.delegation.id) {
      await this.journal.appendChain(agentId, [await childDraft(this.#settings, this.journal, birth)]);
    }
    this.admit(agentId);
  }

  /** Stops the subtrees of these agents, then puts a fatal error on each unfinished agent in them. */
  async #cancel(roots: readonly string[], reason: string, origin: Origin): Promise<void> {
    const pending = [...roots];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const slot = this.#scheduler.slot(next);
      if (slot !== undefined) await this.#halt(slot);
      // A child that was being born is in the graph once its parent has stopped.
      pending.push(...this.graph.children(next));
    }
    for (const root of roots) {
      for (const { agentId, nodes } of cancelNodes(
        this.graph,
        root,
        reason,
        origin,
        this.#settings.environment.now(),
      )) {
        await this.journal.append(agentId, nodes);
        const slot = this.#scheduler.slot(agentId);
        if (slot !== undefined) this.#scheduler.retire(slot);
      }
    }
  }

  async #halt(slot: Slot): Promise<void> {
    this.#scheduler.stop(slot);
    await this.#repls.drop(slot.agentId);
    await slot.busy;
  }

  /** Ends an agent whose task has taken too long, wherever it stands. */
  async #limitDuration(slot: Slot): Promise<void> {
    const { environment } = this.#settings;
    const { query } = this.#state(slot.agentId);
    for (;;) {
      const limit = this.#state(slot.agentId).config.maxDurationMs;
      if (limit === null || slot.life.signal.aborted) return;
      const left = query.startedAt + limit - environment.now();
      if (left <= 0) break;
      await environment.sleep(left, slot.life.signal);
    }
    await this.#scheduler.hold(() => this.#timeIsUp(slot));
  }

  async #timeIsUp(slot: Slot): Promise<void> {
    await this.#halt(slot);
    const state = this.#state(slot.agentId);
    if (this.#hasEnded(slot.agentId) || this.#scheduler.stopped) return;
    const limit = { name: "maxDurationMs", value: state.config.maxDurationMs ?? 0 };
    await endExhausted(this.#port(slot), state, limit).catch((error) => this.#scheduler.fail(error));
    this.#scheduler.retire(slot);
  }
}
