import { cancelNodes, type EditAppend, editNodes } from "../data/apply-edit.ts";
import { agentState } from "../data/chain.ts";
import type { Edit } from "../data/edit.ts";
import type { Graph } from "../data/graph.ts";
import { endsAgent, type QueryNode, type RunNode } from "../data/node.ts";
import { parentAgent, ROOT } from "../data/node-id.ts";
import { RLMError } from "../errors.ts";
import { nextMove, unfinishedAgents } from "../turn/plan.ts";
import type { AgentPort, Birth } from "./agent-port.ts";
import { endExhausted } from "./ask-model.ts";
import { childDraft } from "./births.ts";
import { Budget } from "./budget.ts";
import type { Journal } from "./journal.ts";
import { checkModelSchema } from "./model-schema.ts";
import { lostBirths, waitsComplete } from "./recovery.ts";
import { ReplPool } from "./repl-pool.ts";
import { limitsOf } from "./request.ts";
import type { ResolvedSchema } from "./schema.ts";
import type { FlowSettings } from "./settings.ts";
import { Slot } from "./slot.ts";
import { type TransitionEnd, transition } from "./transition.ts";

/** Something a live run tells whoever looks on: nodes as they land, and hints that are not on record. */
export type RunEvent =
  | { readonly type: "node"; readonly node: RunNode }
  | { readonly type: "text" | "output"; readonly agentId: string; readonly text: string };

/**
 * One branch while it moves.
 *
 * Owns: a slot for each unfinished agent, the stack of agents that may move, the live REPLs, the budget.
 * Does not own: the log (the journal does), clients and runtimes (the flow does).
 * 1. An agent is in at most one of: busy, on the stack, parked. One that is in none has ended.
 * 2. The newest on the stack moves first, so that trees finish and free memory.
 * 3. A node that ends an agent wakes its parent, whether the parent is busy, parked or being rebuilt.
 * 4. An agent is cancelled only after its transition has stopped, so its log has one writer.
 */
export class LiveRun {
  readonly journal: Journal;
  readonly #settings: FlowSettings;
  readonly #repls: ReplPool;
  readonly #slots = new Map<string, Slot>();
  readonly #ready: string[] = [];
  readonly #listeners = new Set<(event: RunEvent) => void>();
  #rootSchema: ResolvedSchema | null;
  readonly #schemas = new WeakMap<QueryNode, ResolvedSchema | null>();
  /** Transitions in flight. */
  #busy = 0;
  #pumping = false;
  #aborted = false;
  #failure: unknown = null;
  #settled: (() => void)[] = [];

  constructor(
    settings: FlowSettings,
    makeJournal: (heard: (node: RunNode) => void) => Journal,
    rootSchema: ResolvedSchema | null,
  ) {
    this.#settings = settings;
    this.#rootSchema = rootSchema;
    this.journal = makeJournal((node) => this.#heard(node));
    this.#repls = new ReplPool(this.journal, settings);
  }

  get graph(): Graph {
    return this.journal.graph;
  }

  /** True when an agent could move. */
  get canMove(): boolean {
    return this.#ready.length > 0;
  }

  /** The schema of the root's present task as the user gave it; the log has only its JSON Schema. */
  useSchema(schema: ResolvedSchema | null): void {
    this.#rootSchema = schema ?? this.#rootSchema;
  }

  listen(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes up every unfinished agent of the graph. To be called once, before anything moves. */
  async attach(): Promise<void> {
    this.#aborted = false;
    for (const agentId of unfinishedAgents(this.graph)) this.#slot(agentId);
    const born = new Set<string>();
    for (const birth of lostBirths(this.graph, this.#settings)) {
      born.add(birth.plan.agentId);
      await this.#spawn(birth);
    }
    for (const agentId of [...this.#slots.keys()].reverse()) {
      const slot = this.#slots.get(agentId);
      if (slot === undefined || born.has(agentId)) continue;
      if (this.graph.head(agentId)?.type === "supervising" && !waitsComplete(this.graph, agentId))
        slot.parked = true;
      else this.#ready.push(agentId);
    }
  }

  /** Makes an agent whose query has just been appended able to move. */
  admit(agentId: string): void {
    this.#slot(agentId);
    this.#push(agentId);
  }

  /** Moves agents until the root has ended, nobody can move, or {@link pause} was called. Rejects when the run was aborted or its store failed. */
  async drive(): Promise<void> {
    this.#pumping = true;
    this.#pump();
    await this.#quiet();
    this.#pumping = false;
    if (this.#failure !== null) throw this.#failure;
    if (this.#aborted)
      throw new RLMError("aborted", "The run was aborted; resume it to go on.", {
        details: { runId: this.graph.run.runId },
      });
  }

  /** Every agent that can move now, or those named, makes one transition (`turn`: reply and run as one). */
  async step(agents: readonly string[] | null, until: "transition" | "turn"): Promise<void> {
    const chosen = this.#ready.filter((agentId) => agents === null || agents.includes(agentId));
    if (chosen.length === 0)
      throw new RLMError(
        "nothing_to_do",
        agents === null ? "No agent can move." : `None of ${agents.join(", ")} can move.`,
      );
    for (const agentId of chosen) this.#ready.splice(this.#ready.indexOf(agentId), 1);
    for (const agentId of chosen.reverse()) this.#start(agentId);
    await this.#quiet();
    if (until === "turn") {
      for (const agentId of chosen) {
        const at = this.#ready.indexOf(agentId);
        if (at < 0 || nextMove(this.graph, agentId, this.#settings.environment.now())?.kind !== "run")
          continue;
        this.#ready.splice(at, 1);
        this.#start(agentId);
      }
      await this.#quiet();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Nothing new starts; what is in flight lands. Resolves when it has. */
  async pause(): Promise<void> {
    this.#pumping = false;
    await this.#quiet();
  }

  /** Cuts every request in flight; nothing more is sent. */
  async abort(): Promise<void> {
    this.#aborted = true;
    this.#pumping = false;
    for (const slot of this.#slots.values()) slot.controller.abort();
    await this.#repls.close();
    await this.#quiet();
  }

  /** Closes the REPLs; the log stays. */
  async close(): Promise<void> {
    for (const slot of this.#slots.values()) slot.life.abort();
    await this.#repls.close();
  }

  /** Lands an edit at the agent's next transition boundary, a cancel at once. */
  async apply(edit: Edit): Promise<void> {
    const slot = this.#slots.get(edit.agentId);
    if (edit.kind === "cancel") {
      editNodes(this.graph, edit, 0);
      return await this.#cancel([edit.agentId], edit.reason ?? "cancelled by a user", "user");
    }
    if (slot?.busy == null) return await this.#land(edit);
    await new Promise<void>((resolve, reject) => slot.edits.push({ edit, resolve, reject }));
  }

  async #land(edit: Edit): Promise<void> {
    const appends: readonly EditAppend[] = editNodes(this.graph, edit, this.#settings.environment.now());
    for (const { agentId, nodes } of appends) await this.journal.append(agentId, nodes);
    if (edit.kind === "config")
      this.#slots.get(edit.agentId)?.budget.setLimits(limitsOf(this.#config(edit.agentId)));
    if (edit.kind === "result") await this.#cancelBelow(edit.agentId, "a user gave its parent's result");
  }

  #config(agentId: string) {
    const state = agentState(this.graph, agentId);
    if (state === undefined) throw new RLMError("unknown_agent", `There is no agent ${agentId}.`);
    return state.config;
  }

  #slot(agentId: string): Slot {
    const known = this.#slots.get(agentId);
    if (known !== undefined) return known;
    const slot = new Slot(agentId, this.#budget(agentId));
    this.#slots.set(agentId, slot);
    void this.#limitDuration(slot);
    return slot;
  }

  /** The parent's budget, or a part of it where this agent's limits are others. */
  #budget(agentId: string): Budget {
    const parentId = parentAgent(agentId);
    const above =
      parentId === null ? undefined : (this.#slots.get(parentId)?.budget ?? this.#slots.get(ROOT)?.budget);
    const limits = limitsOf(this.#config(agentId));
    if (above !== undefined && parentId !== null) {
      const inherited = limitsOf(this.#config(parentId));
      if (inherited.tokens === limits.tokens && inherited.microUsd === limits.microUsd) return above;
    }
    const budget = new Budget(limits, above ?? null);
    budget.book(this.graph.usage(agentId));
    return budget;
  }

  #push(agentId: string): void {
    this.#ready.push(agentId);
    this.#pump();
  }

  #pump(): void {
    while (this.#pumping && !this.#aborted && this.#failure === null) {
      const agentId = this.#ready.pop();
      if (agentId === undefined) return;
      this.#start(agentId);
    }
  }

  #start(agentId: string): void {
    const slot = this.#slots.get(agentId);
    if (slot === undefined || slot.busy !== null) return;
    const move = nextMove(this.graph, agentId, this.#settings.environment.now());
    if (move === undefined) return;
    slot.parked = false;
    slot.controller = new AbortController();
    this.#busy += 1;
    slot.busy = transition(this.#port(slot), move).then(
      (end) => this.#finish(slot, end),
      (error) => this.#stop(slot, error),
    );
  }

  async #finish(slot: Slot, end: TransitionEnd): Promise<void> {
    await this.#landEdits(slot);
    slot.busy = null;
    this.#busy -= 1;
    const head = this.graph.head(slot.agentId);
    if (end === "ended" || head === undefined || endsAgent(head)) this.#retire(slot);
    else if (end === "moved" || slot.arrivals.size > 0) this.#push(slot.agentId);
    else slot.parked = true;
    this.#checkQuiet();
  }

  /** A transition that was stopped leaves the agent as it was; anything else is a fault of the store or of ours. */
  async #stop(slot: Slot, error: unknown): Promise<void> {
    await this.#landEdits(slot);
    slot.busy = null;
    this.#busy -= 1;
    const stopped = slot.controller.signal.aborted || this.#aborted;
    if (!stopped) this.#failure ??= error;
    this.#checkQuiet();
  }

  async #landEdits(slot: Slot): Promise<void> {
    for (const queued of slot.edits.splice(0))
      await this.#land(queued.edit).then(queued.resolve, queued.reject);
  }

  /** Forgets an agent that has ended. Only the root's REPL stays: a further task rebuilds the others. */
  #retire(slot: Slot): void {
    slot.life.abort();
    this.#slots.delete(slot.agentId);
    if (slot.agentId !== ROOT) void this.#repls.drop(slot.agentId);
  }

  #heard(node: RunNode): void {
    for (const listener of this.#listeners) listener({ type: "node", node });
    if (!endsAgent(node)) return;
    const task = agentState(this.graph, node.agentId)?.query;
    const parent = this.#slots.get(parentAgent(node.agentId) ?? "");
    if (parent === undefined || task?.parentId == null) return;
    parent.arrivals.put({ kind: "child", callId: task.parentId });
    if (!parent.parked || parent.busy !== null) return;
    if (parent.waits === null || parent.waits.note(task.parentId)) {
      parent.parked = false;
      this.#push(parent.agentId);
    }
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
      schemaOf: (query) => this.#schemaOf(query),
      spawn: (birth) => this.#spawn(birth),
      park: (waits) => {
        slot.waits = waits;
      },
      cancelBelow: (reason, children) => this.#cancelBelow(agentId, reason, children),
      hint: (hint) => {
        for (const listener of this.#listeners) listener({ ...hint, agentId });
      },
    };
  }

  #schemaOf(query: QueryNode): ResolvedSchema | null {
    if (query.output === null) return null;
    if (query.agentId === ROOT && this.#rootSchema !== null) return this.#rootSchema;
    const known = this.#schemas.get(query);
    if (known !== undefined) return known;
    const checked = checkModelSchema(query.output);
    const schema = checked.ok ? checked.schema : null;
    this.#schemas.set(query, schema);
    return schema;
  }

  async #spawn(birth: Birth): Promise<void> {
    const { agentId } = birth.plan;
    const query = this.graph.chain(agentId).findLast((node) => node.type === "query");
    if (query?.parentId !== birth.delegation.id) {
      await this.journal.appendChain(agentId, [await childDraft(this.#settings, this.journal, birth)]);
    }
    this.admit(agentId);
  }

  async #cancelBelow(
    agentId: string,
    reason: string,
    children: readonly string[] = this.graph.children(agentId),
  ): Promise<void> {
    await this.#cancel(children, reason, "engine");
  }

  /** Stops the subtrees of these agents, then puts a fatal error on each unfinished agent in them. */
  async #cancel(roots: readonly string[], reason: string, origin: "engine" | "user"): Promise<void> {
    const pending = [...roots];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      pending.push(...this.graph.children(next));
      await this.#halt(next);
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
        const slot = this.#slots.get(agentId);
        if (slot !== undefined) this.#retire(slot);
      }
    }
    this.#checkQuiet();
  }

  async #halt(agentId: string): Promise<void> {
    const slot = this.#slots.get(agentId);
    if (slot === undefined) return;
    const at = this.#ready.lastIndexOf(agentId);
    if (at >= 0) this.#ready.splice(at, 1);
    slot.controller.abort();
    await this.#repls.drop(agentId);
    await slot.busy;
    slot.parked = true;
    slot.waits = null;
  }

  /** Ends an agent whose task has taken too long, wherever it stands. */
  async #limitDuration(slot: Slot): Promise<void> {
    const { environment } = this.#settings;
    const begun = agentState(this.graph, slot.agentId)?.query.startedAt ?? environment.now();
    for (;;) {
      const limit = this.#config(slot.agentId).maxDurationMs;
      if (limit === null || slot.life.signal.aborted) return;
      const left = begun + limit - environment.now();
      if (left <= 0) break;
      await environment.sleep(left, slot.life.signal);
    }
    await this.#halt(slot.agentId);
    const state = agentState(this.graph, slot.agentId);
    if (state === undefined || endsAgent(state.head) || this.#aborted) return;
    await endExhausted(this.#port(slot), state, {
      name: "maxDurationMs",
      value: state.config.maxDurationMs ?? 0,
    }).catch((error) => {
      this.#failure ??= error;
    });
    this.#retire(slot);
    this.#checkQuiet();
  }

  /** Resolves when no transition is in flight and, while pumping, nobody can move. */
  #quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled.push(resolve);
      this.#checkQuiet();
    });
  }

  #checkQuiet(): void {
    if (this.#settled.length === 0) return;
    const stuck = !this.#pumping || this.#aborted || this.#failure !== null || this.#ready.length === 0;
    if (!stuck) return;
    if (this.#busy > 0) return;
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}
