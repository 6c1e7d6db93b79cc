import type { Attempt } from "../../data/node.ts";
import type { Budget } from "../model/budget.ts";
import { Conversation } from "../model/conversation.ts";
import { Arrivals } from "./arrivals.ts";
import type { WaitTable } from "./wait-table.ts";

/** Shared by all aborts: creating an exception with its stack takes longer than the rest of an abort. */
const ABORTED = new DOMException("This operation was aborted", "AbortError");

/**
 * What a live run keeps of one unfinished agent. At most one transition of it is in flight; `busy` is
 * that one. A parked agent waits for children: it holds no promise, no place and maybe no REPL.
 */
export class Slot {
  readonly agentId: string;
  budget: Budget;
  readonly arrivals: Arrivals = new Arrivals();
  readonly running: Set<number> = new Set();
  /** Sub-LLM queries in flight; each ends soon after its signal aborts. */
  readonly queries: Set<Promise<void>> = new Set();
  /** Requests for replies that were cut. */
  readonly cut: Attempt[] = [];
  readonly conversation: Conversation = new Conversation();
  /** Work for the next boundary between two transitions; none of it rejects. */
  readonly queued: (() => Promise<void>)[] = [];
  /** Aborts when its transition is to stop. */
  controller: AbortController = new AbortController();
  /** Aborts when nothing more of it is to be sent for now. */
  rest: AbortController = new AbortController();
  /** Aborts when nobody will take the answers of its calls any more. */
  effects: AbortController = new AbortController();
  busy: Promise<void> | null = null;
  parked = false;
  /** On the stack of those that may move. */
  ready = false;
  /** Stopped for good: it ends where it stands. */
  halted = false;
  /** It could have moved while it was held between two transitions. */
  missed = false;
  /** Aborts when the time limit is changed: the clock is set anew. `null` without a limit. */
  clock: AbortController | null = null;
  /** Aborts with the end of the agent: stops the clock of its task. */
  readonly life: AbortController = new AbortController();
  /** The waits it is parked on; `null` when they are only in the log. */
  waits: WaitTable | null = null;

  constructor(agentId: string, budget: Budget) {
    this.agentId = agentId;
    this.budget = budget;
  }

  /** Prepares for a transition: replaces the signals that were aborted before. */
  renew(): void {
    if (this.controller.signal.aborted) this.controller = new AbortController();
    if (this.effects.signal.aborted) this.effects = new AbortController();
    if (this.rest.signal.aborted) this.rest = new AbortController();
  }

  /** Stops the transition and the calls of its block. */
  abort(): void {
    this.controller.abort(ABORTED);
    this.effects.abort(ABORTED);
  }

  /**
   * Cuts what the block still has in flight and takes the attempts of requests whose answers nobody will take
   * any more: the node that says why no answer came keeps them.
   */
  async unrecorded(): Promise<readonly Attempt[]> {
    this.effects.abort(ABORTED);
    await Promise.all(this.queries);
    const late = this.arrivals.takeEffects().flatMap(({ finished }) => finished.attempts ?? []);
    return [...this.cut.splice(0), ...late];
  }
}
