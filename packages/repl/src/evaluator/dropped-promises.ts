import { brandOf } from "./brands.ts";
import { append, bareList, react, reflectGetOwnPropertyDescriptor } from "./primordials.ts";

/** Rejections of which the reasons are kept. */
const MOST_KEPT = 20;

/** Rejections of promises that statements of a block did not keep. The host may see only the first of them. */
export class DroppedPromises {
  #reasons: unknown[] = bareList();
  #more = 0;

  /** Watches the value if it is a promise. Promises of calls have their own handling. Never throws. */
  add(value: unknown): void {
    if (typeof value !== "object" || value === null || brandOf(value) !== "promise") return;
    try {
      if (reflectGetOwnPropertyDescriptor(value, "constructor") !== undefined) return;
      react(value, undefined, (reason) => this.#keep(reason));
    } catch {
      // It only looked like a promise.
    }
  }

  /** Hands out, once, why promises were rejected. */
  take(): { readonly reasons: readonly unknown[]; readonly more: number } {
    const taken = { reasons: this.#reasons, more: this.#more };
    this.#reasons = bareList();
    this.#more = 0;
    return taken;
  }

  #keep(reason: unknown): void {
    if (this.#reasons.length < MOST_KEPT) append(this.#reasons, reason);
    else this.#more += 1;
  }
}
