import type { UsageTotal } from "../../data/usage.ts";
import { brokenInvariant } from "../../invariant.ts";
import { untilAborted } from "../environment/until-aborted.ts";

/** Tokens and millionths of a US dollar. */
export interface Amount {
  readonly tokens: number;
  readonly microUsd: number;
}

/** What a request may at most consume, held back until its real usage is known. */
export interface Held {
  readonly kind: "held";
  /** Books what was really consumed and lets waiting requests look again. Further calls do nothing. */
  settle(real: Amount): void;
}

/** There is no room for a request, and there will be none. */
export interface Shortage {
  readonly kind: "short";
  /** What is left. `Infinity` where nothing limits it. */
  readonly left: Amount;
  /** The limit that is in the way. */
  readonly limit: { readonly name: string; readonly value: number };
}

/** The limits of a budget; `null` for none. */
export interface BudgetLimits {
  readonly tokens: number | null;
  readonly microUsd: number | null;
}

/**
 * The pool of tokens and money of a run, or of the part of it that a `delegate` carved out.
 *
 * Owns: the amounts that were spent and that are reserved. Does not own: how a request's consumption is estimated.
 * 1. When a reservation is made, spent + reserved does not exceed the limit of this pool or of any pool above it.
 * 2. A request that does not fit waits while every pool that is too small for it has open reservations; otherwise it is
 *    refused.
 * 3. Each reservation is settled once. No amount is negative.
 * So a run overspends by at most the sum of (real - estimated) of what was in flight.
 */
export class Budget {
  #limits: BudgetLimits;
  readonly #above: Budget | null;
  #spent: Amount = { tokens: 0, microUsd: 0 };
  #reserved: Amount = { tokens: 0, microUsd: 0 };
  #open = 0;
  readonly #waiting = new Set<() => void>();

  constructor(limits: BudgetLimits, above: Budget | null = null) {
    this.#limits = limits;
    this.#above = above;
  }

  /** What is left, the smaller of this pool and those above. `Infinity` where nothing limits it. */
  get left(): Amount {
    const own = this.#own;
    if (this.#above === null) return own;
    const above = this.#above.left;
    return {
      tokens: Math.min(above.tokens, own.tokens),
      microUsd: Math.min(above.microUsd, own.microUsd),
    };
  }

  /** What this pool alone has left. */
  get #own(): Amount {
    const leftOf = (unit: keyof Amount) =>
      (this.#limits[unit] ?? Number.POSITIVE_INFINITY) - this.#spent[unit] - this.#reserved[unit];
    return { tokens: leftOf("tokens"), microUsd: leftOf("microUsd") };
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

  /** Holds the amount back, waiting for room as long as some may come. */
  async reserve(amount: Amount, signal: AbortSignal): Promise<Held | Shortage> {
    for (let limit = this.obstacle(amount); limit !== null; limit = this.obstacle(amount)) {
      if (!this.#mayGetRoom(amount)) return { kind: "short", left: this.left, limit };
      await this.#change(signal);
    }
    if (!isAmount(amount)) throw brokenInvariant("no reservation is negative");
    this.#hold(amount, 1);
    let settled = false;
    return {
      kind: "held",
      settle: (real) => {
        if (settled) return;
        settled = true;
        if (!isAmount(real)) throw brokenInvariant("no consumption is negative");
        this.#hold({ tokens: -amount.tokens, microUsd: -amount.microUsd }, -1);
        this.#spend(real);
        this.#wake();
      },
    };
  }

  /** The limit of the pool that has least left. */
  #tightest(unit: keyof Amount): number {
    if (this.#above === null || this.#own[unit] <= this.#above.left[unit]) return this.#limits[unit] ?? 0;
    return this.#above.#tightest(unit);
  }

  /** True when every pool that has no room for the amount has reservations that will be settled. */
  #mayGetRoom(amount: Amount): boolean {
    const own = this.#own;
    const fits = amount.tokens <= own.tokens && amount.microUsd <= own.microUsd;
    return (fits || this.#open > 0) && (this.#above === null || this.#above.#mayGetRoom(amount));
  }

  #hold(amount: Amount, count: number): void {
    this.#open += count;
    this.#reserved = {
      tokens: this.#reserved.tokens + amount.tokens,
      microUsd: this.#reserved.microUsd + amount.microUsd,
    };
    const { tokens, microUsd } = this.#reserved;
    // Sums of fractions round.
    if (!(tokens > -1 && microUsd > -1)) throw brokenInvariant("no more is given back than was reserved");
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
    for (const wake of this.#root().#waiting) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#root().#waiting;
    waiting.add(resolve);
    return untilAborted(promise, signal, "waiting for budget").finally(() => waiting.delete(resolve));
  }
}

function isAmount({ tokens, microUsd }: Amount): boolean {
  return tokens >= 0 && microUsd >= 0;
}
