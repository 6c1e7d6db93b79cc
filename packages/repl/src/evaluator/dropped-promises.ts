import { brandOf } from "./brands.ts";
import { append, bareList, react, reflectGetOwnPropertyDescriptor } from "./primordials.ts";

/** Rejections of which the reasons are kept. */
const MOST_KEPT = 20;

/** What came of promises that statements of a block let go of. A host may know of the first such rejection only. */
export class DroppedPromises {
  #reasons: unknown[] = bareList();
  #more = 0;

  /** Looks after the value, if it is a promise. Those of calls look after themselves. Never throws. */
  add(value: unknown): void {
    if (typeof value !== "object" || value === null || brandOf(value) !== "promise") return;
    try {
      if (reflectGetOwnPropertyDescriptor(value, "constructor") !== undefined) return;
      react(value, undefined, (reason) => this.#keep(reason));
    } catch {
      // What only looks like a promise is none.
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
