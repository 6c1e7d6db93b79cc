import { Arrivals } from "./arrivals.ts";
import type { Budget } from "./budget.ts";
import type { WaitTable } from "./wait-table.ts";

/**
 * What a live run keeps of one unfinished agent. At most one transition of it is in flight; `busy` is
 * that one. A parked agent waits for children: it holds no promise, no place and maybe no REPL.
 */
export class Slot {
  readonly agentId: string;
  budget: Budget;
  readonly arrivals: Arrivals = new Arrivals();
  readonly running: Set<number> = new Set();
  /** Work for the next boundary between two transitions; none of it rejects. */
  readonly queued: (() => Promise<void>)[] = [];
  controller: AbortController = new AbortController();
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
}
