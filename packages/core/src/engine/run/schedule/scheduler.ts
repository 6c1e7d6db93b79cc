import { RLMError } from "../../../errors.ts";
import { brokenInvariant } from "../../../invariant.ts";
import type { TransitionEnd } from "../../agent/agent-port.ts";
import type { Budget } from "../../resources/budget.ts";
import { LiveAgent, type LiveAgentState } from "./live-agent.ts";

/** What the scheduler needs to know of agents. */
export interface SchedulerHooks {
  /** Begins the agent's next transition; `null` when it has none. */
  begin(agent: LiveAgent): Promise<TransitionEnd> | null;
  hasEnded(agentId: string): boolean;
  retired(agentId: string): void;
}

/** A transition that threw. */
interface Thrown {
  readonly kind: "thrown";
  readonly error: unknown;
}

/**
 * Decides which agent moves when.
 *
 * Owns: the state of each unfinished agent, which no other file sets, and the stack of agents that may move.
 * Does not own: what a move is, the log, or why agents are stopped.
 * 1. A transition begins only for an agent that is ready, and the agent is busy or stopped until it lands. So an agent
 *    makes one transition at a time.
 * 2. Every ready agent is on the stack. The newest moves first, so that trees finish and free memory.
 * 3. An agent that was stopped never moves again.
 * 4. If a transition throws and its agent was not stopped, all moving ends: the store has failed, or the engine has a bug.
 * 5. An agent is busy during work between two of its transitions, so that its log has one writer.
 */
export class Scheduler {
  readonly #hooks: SchedulerHooks;
  readonly #agents = new Map<string, LiveAgent>();
  /** The stack; one that is not ready any more is passed over. */
  readonly #stack: LiveAgent[] = [];
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

  agent(agentId: string): LiveAgent | undefined {
    return this.#agents.get(agentId);
  }

  /** Takes in an agent, parked. */
  add(agentId: string, budget: Budget): LiveAgent {
    const agent = new LiveAgent(agentId, budget);
    this.#agents.set(agentId, agent);
    return agent;
  }

  /** Lets the agent move when its turn comes; one that is busy, when it has landed. */
  ready(agentId: string): void {
    const agent = this.#agents.get(agentId);
    if (agent?.state.kind === "busy") this.#set(agent, { ...agent.state, again: true });
    if (agent?.state.kind !== "parked") return;
    this.#set(agent, { kind: "ready" });
    this.#stack.push(agent);
    this.#pump();
  }

  /** Hears that a query has ended which this agent delegated with the call. */
  childEnded(agentId: string, callId: string): void {
    const agent = this.#agents.get(agentId);
    if (agent === undefined) return;
    agent.inFlight.mailbox.put({ kind: "child", callId });
    const parked = parkedState(agent);
    if (parked !== null && (parked.waits === null || parked.waits.note(callId))) this.ready(agentId);
  }

  /** What a parked agent waits for is to be read off the log again. */
  forgetWaits(agent: LiveAgent): void {
    const parked = { kind: "parked", waits: null } as const;
    if (agent.state.kind === "parked") this.#set(agent, parked);
    else if (agent.state.kind === "busy" && agent.state.before?.kind === "parked")
      this.#set(agent, { ...agent.state, before: parked });
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
    const chosen = new Set<LiveAgent>();
    for (const agent of this.#stack.splice(0)) {
      if (!this.#isReady(agent)) continue;
      if (wanted === null || wanted.has(agent.agentId)) chosen.add(agent);
      else this.#stack.push(agent);
    }
    if (chosen.size === 0)
      throw new RLMError("nothing_to_do", "No agent can move, or none of those that were asked for.");
    for (const agent of [...chosen].reverse()) this.#start(agent);
    await this.whenQuiet();
    this.#throwFailure();
    return [...chosen].map((agent) => agent.agentId);
  }

  /** Lets nothing new start or be sent; resolves when what is in flight has landed. */
  async pause(): Promise<void> {
    this.#pumping = false;
    for (const agent of this.#agents.values()) agent.rest();
    await this.whenQuiet();
  }

  /** Stops every transition; nothing moves any more. */
  stopAll(): void {
    this.#stopped = true;
    for (const agent of this.#agents.values()) agent.abort();
    this.#checkQuiet();
  }

  /** Stops one agent for good: its transition is aborted. */
  stop(agent: LiveAgent): void {
    this.#set(agent, { kind: "stopped", landed: agent.landed });
    agent.abort();
  }

  /** Forgets an agent that has ended. */
  retire(agent: LiveAgent): void {
    this.#set(agent, { kind: "stopped", landed: agent.landed });
    this.#agents.delete(agent.agentId);
    this.#hooks.retired(agent.agentId);
    this.#checkQuiet();
  }

  /** Ends all moving: what is in flight is cut, since nothing can be kept of it. */
  fail(error: unknown): void {
    this.#failure ??= error;
    for (const agent of this.#agents.values()) agent.abort();
    this.#checkQuiet();
  }

  /** True after {@link fail}. */
  get failed(): boolean {
    return this.#failure !== null;
  }

  /** Does work between two transitions of an agent: now when it rests, else when its transition has landed. */
  async between<T>(agent: LiveAgent, work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    agent.queued.push(() => work().then(resolve, reject));
    if (agent.landed === null) void this.#workNow(agent);
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

  #set(agent: LiveAgent, state: LiveAgentState): void {
    const { kind } = agent.state;
    if (kind === "stopped" && state.kind !== "stopped")
      throw brokenInvariant("an agent that was stopped never moves again");
    if (kind === "ready") this.#ready -= 1;
    if (state.kind === "ready") this.#ready += 1;
    agent.state = state;
  }

  #pump(): void {
    while (this.#pumping && !this.#stopped && this.#failure === null) {
      const agent = this.#stack.pop();
      if (agent === undefined) return;
      if (this.#isReady(agent)) this.#start(agent);
    }
  }

  #isReady(agent: LiveAgent): boolean {
    return agent.state.kind === "ready" && this.#agents.get(agent.agentId) === agent;
  }

  #start(agent: LiveAgent): void {
    if (agent.state.kind !== "ready")
      throw brokenInvariant("only an agent that is ready begins a transition");
    agent.renew();
    const move = this.#hooks.begin(agent);
    if (move === null) {
      this.#set(agent, { kind: "parked", waits: null });
      return;
    }
    this.#busy += 1;
    const landed = move
      .then(
        (end) => this.#finish(agent, end),
        (error) => this.#finish(agent, { kind: "thrown", error }),
      )
      .catch((error) => this.fail(error));
    this.#set(agent, { kind: "busy", landed, before: null, again: false });
  }

  async #finish(agent: LiveAgent, end: TransitionEnd | Thrown): Promise<void> {
    await workOff(agent);
    const again = agent.state.kind === "busy" && agent.state.again;
    const over = this.#landed(agent, { kind: "parked", waits: end.kind === "waiting" ? end.waits : null });
    if (over || this.#stopped) return this.#checkQuiet();
    if (end.kind === "thrown") return this.fail(end.error);
    if (end.kind === "moved" || again || agent.inFlight.mailbox.size > 0) this.ready(agent.agentId);
    this.#checkQuiet();
  }

  /** Does the queued work of an agent of which nothing is in flight. */
  async #workNow(agent: LiveAgent): Promise<void> {
    const { promise: landed, resolve } = Promise.withResolvers<void>();
    const before = agent.state;
    this.#busy += 1;
    this.#set(
      agent,
      before.kind === "stopped" ? { ...before, landed } : { kind: "busy", landed, before, again: false },
    );
    await workOff(agent);
    const { state } = agent;
    const parked = parkedState(agent) ?? { kind: "parked", waits: null };
    const over = this.#landed(agent, parked);
    if (!over && state.kind === "busy" && (state.again || state.before?.kind === "ready"))
      this.ready(agent.agentId);
    resolve();
    this.#checkQuiet();
  }

  /** Notes that nothing of the agent is in flight any more; true when it is stopped or has ended. */
  #landed(agent: LiveAgent, next: LiveAgentState): boolean {
    this.#busy -= 1;
    const { kind } = agent.state;
    if (kind !== "busy" && kind !== "stopped")
      throw brokenInvariant("only the scheduler sets the state of an agent that moves");
    if (kind === "stopped") {
      this.#set(agent, { kind: "stopped", landed: null });
      return true;
    }
    this.#set(agent, next);
    if (!this.#hooks.hasEnded(agent.agentId)) return false;
    this.stop(agent);
    this.retire(agent);
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

async function workOff({ queued }: LiveAgent): Promise<void> {
  while (queued.length > 0) await queued.shift()?.();
}

/** How the agent is parked, or will be again after the work between two of its transitions. */
function parkedState({ state }: LiveAgent): Extract<LiveAgentState, { readonly kind: "parked" }> | null {
  const resting = state.kind === "busy" ? state.before : state;
  return resting?.kind === "parked" ? resting : null;
}
