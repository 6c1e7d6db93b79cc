import type { Use } from "../calls/call-promise.ts";
import { brandOf } from "../realm/brands.ts";
import {
  append,
  bare,
  bareList,
  defineValue,
  isArray,
  PromiseConstructor,
  promisePrototype,
  react,
  reflectDefineProperty,
  reflectGetOwnPropertyDescriptor,
  reflectGetPrototypeOf,
} from "../realm/primordials.ts";

/** Rejections of which the reasons are kept. */
const MOST_KEPT = 20;
/** Promises of a list that are watched. */
const MOST_LISTED = 10_000;

interface Rejection {
  readonly reason: unknown;
  readonly use: Use;
}

/** Rejections of promises that code of a block did not keep. The host may see only the first of them. */
export class DroppedPromises {
  #rejections: Rejection[] = bareList();
  #more = 0;

  /** Watches the value if it is a promise, or a list of promises. Those of calls have their own handling. Never throws. */
  add(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    try {
      if (!isArray(value)) this.#watch(value);
      else for (let i = 0; i < value.length && i < MOST_LISTED && this.#watch(value[i]); i += 1);
    } catch {
      // It only looked like a promise.
    }
  }

  /** Hands out, once, why promises were rejected that nobody has used. */
  take(): { readonly reasons: readonly unknown[]; readonly more: number } {
    const reasons = bareList<unknown>();
    for (let i = 0; i < this.#rejections.length; i += 1) {
      const rejection = this.#rejections[i];
      if (rejection?.use.used === false) append(reasons, rejection.reason);
    }
    const taken = { reasons, more: this.#more };
    this.#rejections = bareList();
    this.#more = 0;
    return taken;
  }

  /** Watches a promise; false for anything else. */
  #watch(value: unknown): boolean {
    if (typeof value !== "object" || value === null || brandOf(value) !== "promise") return false;
    if (reflectGetOwnPropertyDescriptor(value, "constructor") !== undefined) return true;
    const use = { used: false };
    const isPlain = reflectGetPrototypeOf(value) === promisePrototype;
    if (isPlain) defineValue(value, "constructor", undefined, false);
    react(value, undefined, (reason) => this.#keep(reason, use));
    if (isPlain) noteUse(value, use);
    return true;
  }

  #keep(reason: unknown, use: Use): void {
    if (this.#rejections.length < MOST_KEPT) append(this.#rejections, { reason, use });
    else if (!use.used) this.#more += 1;
  }
}

/** Whoever keeps the promise elsewhere may still await it, which reads this property: see call-promise.ts. */
function noteUse(promise: object, use: Use): void {
  const get = (): PromiseConstructor => {
    use.used = true;
    return PromiseConstructor;
  };
  reflectDefineProperty(promise, "constructor", bare({ get, enumerable: false, configurable: false }));
}
