import { totalmem } from "node:os";
import { ownMB } from "@rlmflow/repl/driver";
import { availableMB } from "./available-memory.ts";

/** How many sandbox processes there may be. */
export interface ProcessBudgetOptions {
  /** A number that was asked for; `null` for what memory allows. */
  readonly maxProcesses: number | null;
  /** Megabytes that are available, `null` when that is unknown. */
  readonly available?: () => number | null;
  /** Megabytes that a process has for itself. */
  readonly usedBy?: (pid: number | undefined) => number;
}

/**
 * Megabytes that a process is taken to need beside what it shares with the others. What the processes there are
 * really use counts when it is more.
 */
const PROCESS_MB = 64;
/** The part of the available memory that sandbox processes may have. */
const SHARE = 0.5;
/** The part of the total memory that they may have where the available memory is unknown. */
const SHARE_OF_ALL = 0.25;
/** Milliseconds for which a measurement is used. */
const LOOK_MS = 250;

/**
 * Whether one more process may be started. Unless a number was asked for, memory decides: processes may have half of
 * what is available plus what they already use, and each counts with the mean of what they use. So the budget follows
 * measured use, not the `rssMB` at which a process is ended. One process is always allowed.
 */
export class ProcessBudget {
  readonly #options: Required<ProcessBudgetOptions>;
  #extra = 0;
  #limit = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ProcessBudgetOptions) {
    this.#options = { available: availableMB, usedBy: ownMB, ...options };
  }

  allows(processes: ReadonlySet<{ readonly pid: number | undefined }>): boolean {
    return processes.size < this.#limitWith(processes) + this.#extra;
  }

  /** One more than now, up to as many again as there are within the budget. */
  extend(processes: number): void {
    if (this.#extra < Math.max(1, processes - this.#extra)) this.#extra += 1;
  }

  /** Takes back what {@link extend} gave. */
  restore(): void {
    this.#extra = 0;
  }

  #limitWith(processes: ReadonlySet<{ readonly pid: number | undefined }>): number {
    const { maxProcesses } = this.#options;
    if (maxProcesses !== null) return maxProcesses;
    const now = performance.now();
    if (now - this.#lookedAt > LOOK_MS) {
      this.#lookedAt = now;
      this.#limit = Math.max(1, this.#measured([...processes].map(({ pid }) => this.#options.usedBy(pid))));
    }
    return this.#limit;
  }

  #measured(used: readonly number[]): number {
    const sum = used.reduce((total, each) => total + each, 0);
    const each = Math.max(PROCESS_MB, used.length === 0 ? 0 : sum / used.length);
    const available = this.#options.available();
    const theirs = available === null ? (totalmem() / 2 ** 20) * SHARE_OF_ALL : (available + sum) * SHARE;
    return Math.floor(theirs / each);
  }
}
