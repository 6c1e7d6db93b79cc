import { RLMError } from "../errors.ts";
import type { TransitionEnd } from "./agent-port.ts";
import { Slot } from "./block/slot.ts";
import type { Budget } from "./model/budget.ts";

/** What the scheduler needs to know of agents. */
export interface SchedulerHooks {
  /** Begins the agent's next transition; `null` when it has none. */
  begin(slot: Slot): Promise<TransitionEnd> | null;
  hasEnded(agentId: string): boolean;
  retired(agentId: string): void;
}

/**
 * Says which agent moves when.
 *
 * Owns: a slot for each unfinished agent and the stack of those that may move. Does not own: what a move
 * is, the log, or why agents are stopped.
 * 1. An agent is in at most one of: busy, on the stack, parked. One that is in none is stopped or has ended.
 * 2. The newest on the stack moves first, so that trees finish and free memory.
 * 3. A parked agent is woken when a task it waits for has ended, whether or not its REPL is alive.
 * 4. What a transition throws, unless it was stopped, ends all moving: it is a fault of the store or of ours.
 * 5. Work between two transitions of an agent is counted as busy, so that its log has one writer.
 */
export class Scheduler {
  readonly #hooks: SchedulerHooks;
  readonly #slots = new Map<string, Slot>();
  /** The stack; an entry whose slot is not marked ready any more is passed over. */
  readonly #stack: Slot[] = [];
  #ready = 0;
  #busy = 0;
  #pumping = false;
  #stopped = false;
  #failure: unknown = null;
  #quiet: (() => void)[] = [];

  constructor(hooks: SchedulerHooks) {
    this.#hooks = hooks;
  }

  get canMove(): boolean {
    return this.#ready > 0;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  slot(agentId: string): Slot | undefined {
    return this.#slots.get(agentId);
  }

  /** Gives an agent a slot; it neither moves nor waits yet. */
  add(agentId: string, budget: Budget): Slot {
    const slot = new Slot(agentId, budget);
    this.#slots.set(agentId, slot);
    return slot;
  }

  /** Lets the agent move when its turn comes. */
  ready(agentId: string): void {
    const slot = this.#slots.get(agentId);
    if (slot === undefined || slot.ready) return;
    slot.ready = true;
    this.#ready += 1;
    this.#stack.push(slot);
    this.#pump();
  }

  /** Hears that a task has ended which this agent delegated with the call. */
  childEnded(agentId: string, callId: string): void {
    const slot = this.#slots.get(agentId);
    if (slot === undefined) return;
    slot.arrivals.put({ kind: "child", callId });
    if (!slot.parked || (slot.waits !== null && !slot.waits.note(callId))) return;
    slot.parked = false;
    this.ready(agentId);
  }

  /** Moves agents until nobody can, or moving was stopped. Rejects with what a transition threw. */
  async drive(): Promise<void> {
    this.#pumping = true;
    this.#pump();
    await this.whenQuiet();
    this.#pumping = false;
    this.#throwFailure();
  }

  /**
   * Begins one transition of each agent that can move now, or of those named; gives their ids when all have
   * landed. Throws `nothing_to_do` when there is none.
   */
  async step(agents: readonly string[] | null): Promise<readonly string[]> {
    const wanted = agents === null ? null : new Set(agents);
    const chosen: Slot[] = [];
    for (const slot of this.#stack.splice(0)) {
      if (!this.#isReady(slot)) continue;
      (wanted === null || wanted.has(slot.agentId) ? chosen : this.#stack).push(slot);
    }
    if (chosen.length === 0)
      throw new RLMError("nothing_to_do", "No agent can move, or none of those that were asked for.");
    for (const slot of chosen.toReversed()) {
      this.#unready(slot);
      this.#start(slot);
    }
    await this.whenQuiet();
    this.#throwFailure();
    return chosen.map((slot) => slot.agentId);
  }

  /** Lets nothing new start or be sent; resolves when what is in flight has landed. */
  async pause(): Promise<void> {
    this.#pumping = false;
    for (const slot of this.#slots.values()) slot.rest.abort();
    await this.whenQuiet();
  }

  /** Stops every transition; nothing moves any more. */
  stopAll(): void {
    this.#stopped = true;
    for (const slot of this.#slots.values()) slot.abort();
    this.#checkQuiet();
  }

  /** Stops one agent: off the stack, its transition aborted. It is then neither busy, ready nor parked. */
  stop(slot: Slot): void {
    this.#unready(slot);
    slot.parked = false;
    slot.halted = true;
    slot.abort();
  }

  /** Forgets an agent that has ended. */
  retire(slot: Slot): void {
    slot.life.abort("over");
    this.#unready(slot);
    this.#slots.delete(slot.agentId);
    this.#hooks.retired(slot.agentId);
    this.#checkQuiet();
  }

  /** Ends all moving: what is in flight is cut, since nothing can be kept of it. */
  fail(error: unknown): void {
    this.#failure ??= error;
    for (const slot of this.#slots.values()) slot.abort();
    this.#checkQuiet();
  }

  /** True after {@link fail}. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Does work between two transitions of an agent: now when it rests, else when its transition has landed. */
  async between<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    slot.queued.push(() => work().then(resolve, reject));
    if (slot.busy === null) {
      this.#busy += 1;
      slot.busy = this.#rest(slot);
    }
    return await promise;
  }

  /** Counts work on agents that no transition does, such as a cancel, so that nobody takes the run for quiet. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#checkQuiet();
    }
  }

  /** Stops the clocks of all agents. */
  close(): void {
    for (const slot of this.#slots.values()) slot.life.abort("over");
  }

  /** Resolves when no transition is in flight and, while driving, nobody can move. */
  whenQuiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#quiet.push(resolve);
      this.#checkQuiet();
    });
  }

  #pump(): void {
    while (this.#pumping && !this.#stopped && this.#failure === null) {
      const slot = this.#stack.pop();
      if (slot === undefined) return;
      if (!this.#isReady(slot)) continue;
      this.#unready(slot);
      this.#start(slot);
    }
  }

  #isReady(slot: Slot): boolean {
    return slot.ready && this.#slots.get(slot.agentId) === slot;
  }

  #unready(slot: Slot): void {
    if (slot.ready) this.#ready -= 1;
    slot.ready = false;
  }

  #start(slot: Slot): void {
    if (slot.busy !== null) {
      slot.missed = true;
      return;
    }
    slot.parked = false;
    slot.renew();
    const move = this.#hooks.begin(slot);
    if (move === null) return;
    this.#busy += 1;
    slot.busy = move.then(
      (end) => this.#finish(slot, end),
      (error) => this.#finish(slot, error),
    );
  }

  async #finish(slot: Slot, end: TransitionEnd | Error): Promise<void> {
    while (slot.queued.length > 0) await slot.queued.shift()?.();
    const stopped = slot.halted || this.#stopped;
    this.#release(slot);
    if (stopped) return this.#checkQuiet();
    if (end !== "moved" && end !== "waiting" && end !== "ended") return this.fail(end);
    if (slot.halted) return this.#checkQuiet();
    if (end === "moved" || slot.arrivals.size > 0) this.ready(slot.agentId);
    else slot.parked = true;
    this.#checkQuiet();
  }

  async #rest(slot: Slot): Promise<void> {
    while (slot.queued.length > 0) await slot.queued.shift()?.();
    const { missed } = slot;
    this.#release(slot);
    if (missed && !slot.halted && !this.#stopped) this.ready(slot.agentId);
    this.#checkQuiet();
  }

  /** Lets go of the agent after a transition or an edit, for good when it has ended. */
  #release(slot: Slot): void {
    slot.busy = null;
    slot.missed = false;
    this.#busy -= 1;
    if (slot.halted || !this.#hooks.hasEnded(slot.agentId)) return;
    this.stop(slot);
    this.retire(slot);
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #checkQuiet(): void {
    if (this.#busy > 0 || this.#quiet.length === 0) return;
    const more = this.#pumping && !this.#stopped && this.#failure === null && this.#ready > 0;
    if (more) return;
    for (const resolve of this.#quiet.splice(0)) resolve();
  }
}
