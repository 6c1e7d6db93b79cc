import { RLMError } from "../../../errors.ts";
import type { TransitionEnd } from "../../agent/agent-port.ts";
import type { Budget } from "../../resources/budget.ts";
import { Slot, type SlotState } from "./slot.ts";

/** What the scheduler needs to know of agents. */
export interface SchedulerHooks {
  /** Begins the agent's next transition; `null` when it has none. */
  begin(slot: Slot): Promise<TransitionEnd> | null;
  hasEnded(agentId: string): boolean;
  retired(agentId: string): void;
}

/** A transition that threw. */
interface Thrown {
  readonly kind: "thrown";
  readonly error: unknown;
}

/**
 * Says which agent moves when.
 *
 * Owns: a slot for each unfinished agent, its state, and the stack of those that may move. Does not own: what a move
 * is, the log, or why agents are stopped.
 * 1. An agent is in one state: ready, busy, parked or stopped. Those that are ready are on the stack.
 * 2. The newest on the stack moves first, so that trees finish and free memory.
 * 3. A parked agent is woken when a task it waits for has ended, whether or not its REPL is alive.
 * 4. What a transition throws, unless it was stopped, ends all moving: the store has failed, or there is a bug in the engine.
 * 5. Work between two transitions of an agent is counted as busy, so that its log has one writer.
 */
export class Scheduler {
  readonly #hooks: SchedulerHooks;
  readonly #slots = new Map<string, Slot>();
  /** The stack; an entry whose slot is not ready any more is passed over. */
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

  /** Gives an agent a slot, parked. */
  add(agentId: string, budget: Budget): Slot {
    const slot = new Slot(agentId, budget);
    this.#slots.set(agentId, slot);
    return slot;
  }

  /** Lets the agent move when its turn comes; one that is busy, when it has landed. */
  ready(agentId: string): void {
    const slot = this.#slots.get(agentId);
    if (slot?.state.kind === "busy") this.#set(slot, { ...slot.state, again: true });
    if (slot?.state.kind !== "parked") return;
    this.#set(slot, { kind: "ready" });
    this.#stack.push(slot);
    this.#pump();
  }

  /** Hears that a task has ended which this agent delegated with the call. */
  childEnded(agentId: string, callId: string): void {
    const slot = this.#slots.get(agentId);
    if (slot === undefined) return;
    slot.inFlight.arrivals.put({ kind: "child", callId });
    const parked = parkedState(slot);
    if (parked !== null && (parked.waits === null || parked.waits.note(callId))) this.ready(agentId);
  }

  /** What a parked agent waits for is to be read off the log again. */
  forgetWaits(slot: Slot): void {
    const parked = { kind: "parked", waits: null } as const;
    if (slot.state.kind === "parked") this.#set(slot, parked);
    else if (slot.state.kind === "busy" && slot.state.before?.kind === "parked")
      this.#set(slot, { ...slot.state, before: parked });
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
    const chosen = new Set<Slot>();
    for (const slot of this.#stack.splice(0)) {
      if (!this.#isReady(slot)) continue;
      if (wanted === null || wanted.has(slot.agentId)) chosen.add(slot);
      else this.#stack.push(slot);
    }
    if (chosen.size === 0)
      throw new RLMError("nothing_to_do", "No agent can move, or none of those that were asked for.");
    for (const slot of [...chosen].reverse()) this.#start(slot);
    await this.whenQuiet();
    this.#throwFailure();
    return [...chosen].map((slot) => slot.agentId);
  }

  /** Lets nothing new start or be sent; resolves when what is in flight has landed. */
  async pause(): Promise<void> {
    this.#pumping = false;
    for (const slot of this.#slots.values()) slot.rest();
    await this.whenQuiet();
  }

  /** Stops every transition; nothing moves any more. */
  stopAll(): void {
    this.#stopped = true;
    for (const slot of this.#slots.values()) slot.abort();
    this.#checkQuiet();
  }

  /** Stops one agent for good: its transition is aborted. */
  stop(slot: Slot): void {
    this.#set(slot, { kind: "stopped", landed: slot.landed });
    slot.abort();
  }

  /** Forgets an agent that has ended. */
  retire(slot: Slot): void {
    this.#set(slot, { kind: "stopped", landed: slot.landed });
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
    if (slot.landed === null) void this.#workNow(slot);
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

  /** Resolves when no transition is in flight and, while driving, nobody can move. */
  whenQuiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#quiet.push(resolve);
      this.#checkQuiet();
    });
  }

  #set(slot: Slot, state: SlotState): void {
    if (slot.state.kind === "ready") this.#ready -= 1;
    if (state.kind === "ready") this.#ready += 1;
    slot.state = state;
  }

  #pump(): void {
    while (this.#pumping && !this.#stopped && this.#failure === null) {
      const slot = this.#stack.pop();
      if (slot === undefined) return;
      if (this.#isReady(slot)) this.#start(slot);
    }
  }

  #isReady(slot: Slot): boolean {
    return slot.state.kind === "ready" && this.#slots.get(slot.agentId) === slot;
  }

  #start(slot: Slot): void {
    slot.renew();
    const move = this.#hooks.begin(slot);
    if (move === null) {
      this.#set(slot, { kind: "parked", waits: null });
      return;
    }
    this.#busy += 1;
    const landed = move.then(
      (end) => this.#finish(slot, end),
      (error) => this.#finish(slot, { kind: "thrown", error }),
    );
    this.#set(slot, { kind: "busy", landed, before: null, again: false });
  }

  async #finish(slot: Slot, end: TransitionEnd | Thrown): Promise<void> {
    await workOff(slot);
    const again = slot.state.kind === "busy" && slot.state.again;
    const over = this.#landed(slot, { kind: "parked", waits: end.kind === "waiting" ? end.waits : null });
    if (over || this.#stopped) return this.#checkQuiet();
    if (end.kind === "thrown") return this.fail(end.error);
    if (end.kind === "moved" || again || slot.inFlight.arrivals.size > 0) this.ready(slot.agentId);
    this.#checkQuiet();
  }

  /** Does the queued work of an agent of which nothing is in flight. */
  async #workNow(slot: Slot): Promise<void> {
    const { promise: landed, resolve } = Promise.withResolvers<void>();
    const before = slot.state;
    this.#busy += 1;
    this.#set(
      slot,
      before.kind === "stopped" ? { ...before, landed } : { kind: "busy", landed, before, again: false },
    );
    await workOff(slot);
    const { state } = slot;
    const parked = parkedState(slot) ?? { kind: "parked", waits: null };
    const over = this.#landed(slot, parked);
    if (!over && state.kind === "busy" && (state.again || state.before?.kind === "ready"))
      this.ready(slot.agentId);
    resolve();
    this.#checkQuiet();
  }

  /** Notes that nothing of the agent is in flight any more; true when it is stopped or has ended. */
  #landed(slot: Slot, next: SlotState): boolean {
    this.#busy -= 1;
    if (slot.state.kind === "stopped") {
      this.#set(slot, { kind: "stopped", landed: null });
      return true;
    }
    this.#set(slot, next);
    if (!this.#hooks.hasEnded(slot.agentId)) return false;
    this.stop(slot);
    this.retire(slot);
    return true;
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

async function workOff({ queued }: Slot): Promise<void> {
  while (queued.length > 0) await queued.shift()?.();
}

/** How the agent is parked, or will be again after the work between two of its transitions. */
function parkedState({ state }: Slot): Extract<SlotState, { readonly kind: "parked" }> | null {
  const resting = state.kind === "busy" ? state.before : state;
  return resting?.kind === "parked" ? resting : null;
}
