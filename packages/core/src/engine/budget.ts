import type { UsageTotal } from "../data/usage.ts";
import { RLMError } from "../errors.ts";

/** Tokens and millionths of a US dollar. */
export interface Amount {
  readonly tokens: number;
  readonly microUsd: number;
}

/** What a request may at most consume, held back until its real usage is known. */
export interface Reservation {
  /** Books what was really consumed and lets waiting requests look again. Further calls do nothing. */
  settle(real: Amount): void;
}

/** The limits of a budget; `null` for none. */
export interface BudgetLimits {
  readonly tokens: number | null;
  readonly microUsd: number | null;
}

/**
 * The pool of tokens and money of a run, or of the part of it that a `delegate` carved out.
 *
 * Owns: what was spent and what is reserved. Does not own: how a request's consumption is estimated.
 * 1. spent + reserved never exceeds a limit at the moment a reservation is made, in this pool and above.
 * 2. A request that does not fit waits while reservations are open, and is refused when none is.
 * So a run overspends by at most the sum of (real - estimated) of what was in flight.
 */
export class Budget {
  #limits: BudgetLimits;
  readonly #above: Budget | null;
  #spent: Amount = { tokens: 0, microUsd: 0 };
  #reserved: Amount = { tokens: 0, microUsd: 0 };
  #open = 0;
  #waiting: (() => void)[] = [];

  constructor(limits: BudgetLimits, above: Budget | null = null) {
    this.#limits = limits;
    this.#above = above;
  }

  /** What is left, the smaller of this pool and those above. `Infinity` where nothing limits it. */
  get left(): Amount {
    const above = this.#above?.left ?? {
      tokens: Number.POSITIVE_INFINITY,
      microUsd: Number.POSITIVE_INFINITY,
    };
    const { tokens, microUsd } = this.#limits;
    const leftOf = (limit: number | null, spent: number, reserved: number) =>
      limit === null ? Number.POSITIVE_INFINITY : limit - spent - reserved;
    return {
      tokens: Math.min(above.tokens, leftOf(tokens, this.#spent.tokens, this.#reserved.tokens)),
      microUsd: Math.min(above.microUsd, leftOf(microUsd, this.#spent.microUsd, this.#reserved.microUsd)),
    };
  }

  /** The name and value of the limit that keeps this amount out, or `null` when it fits. */
  obstacle(amount: Amount): { readonly name: string; readonly value: number } | null {
    const { left } = this;
    if (amount.tokens > left.tokens) return { name: "maxTotalTokens", value: this.#tightest("tokens") };
    if (amount.microUsd > left.microUsd)
      return { name: "maxCostUsd", value: this.#tightest("microUsd") / 1_000_000 };
    return null;
  }

  /** Changes the limits; requests that wait look again. */
  setLimits(limits: BudgetLimits): void {
    this.#limits = limits;
    this.#wake();
  }

  /** Books what a recorded run has spent already. */
  book(total: UsageTotal): void {
    this.#spent = { tokens: total.input + total.output, microUsd: total.costMicroUsd };
  }

  /** Holds the amount back, waiting for room as long as some may come. `null` when none can. */
  async reserve(amount: Amount, signal: AbortSignal): Promise<Reservation | null> {
    while (this.obstacle(amount) !== null) {
      if (!this.#anyOpen()) return null;
      await this.#change(signal);
    }
    this.#hold(amount, 1);
    let settled = false;
    return {
      settle: (real) => {
        if (settled) return;
        settled = true;
        this.#hold({ tokens: -amount.tokens, microUsd: -amount.microUsd }, -1);
        this.#spend(real);
        this.#wake();
      },
    };
  }

  #tightest(unit: keyof Amount): number {
    const own = this.#limits[unit];
    const above = this.#above?.left[unit] ?? Number.POSITIVE_INFINITY;
    const ownLeft = own === null ? Number.POSITIVE_INFINITY : own - this.#spent[unit] - this.#reserved[unit];
    if (this.#above === null || (own !== null && ownLeft <= above)) return own ?? 0;
    return this.#above.#tightest(unit);
  }

  #anyOpen(): boolean {
    if (this.#open > 0) return true;
    return this.#above === null ? false : this.#above.#anyOpen();
  }

  #hold(amount: Amount, count: number): void {
    this.#open += count;
    this.#reserved = {
      tokens: this.#reserved.tokens + amount.tokens,
      microUsd: this.#reserved.microUsd + amount.microUsd,
    };
    if (this.#above !== null) this.#above.#hold(amount, count);
  }

  #spend(real: Amount): void {
    this.#spent = {
      tokens: this.#spent.tokens + real.tokens,
      microUsd: this.#spent.microUsd + real.microUsd,
    };
    if (this.#above !== null) this.#above.#spend(real);
  }

  #root(): Budget {
    return this.#above === null ? this : this.#above.#root();
  }

  /** Waiters of every pool of a run stand in one line, at the root: any settlement may make room. */
  #wake(): void {
    const root = this.#root();
    const woken = root.#waiting;
    root.#waiting = [];
    for (const wake of woken) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(new RLMError("aborted", "Aborted while waiting for budget."));
    return new Promise((resolve, reject) => {
      const abort = () => reject(new RLMError("aborted", "Aborted while waiting for budget."));
      signal.addEventListener("abort", abort, { once: true });
      this.#root().#waiting.push(() => {
        signal.removeEventListener("abort", abort);
        resolve();
      });
    });
  }
}
