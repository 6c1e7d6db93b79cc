// Rejections that nobody handles in a realm of ours.
//
// Node ends the process for such a rejection, wherever the promise comes from; code in a REPL must not be
// able to do that. Owns: two listeners on the process while any realm is watched. Invariants: (1) a promise
// of a watched realm never ends the process; (2) any other unhandled rejection does what it did before.
const MOST_KEPT = 20;

/** The rejections of one realm that nobody has handled so far. */
export class StrayRejections {
  readonly #reasons = new Map<object, unknown>();

  /** Starts to watch the realm whose `Promise.prototype` this is. */
  constructor(promisePrototype: object) {
    this.#prototype = promisePrototype;
    if (watched.size === 0) {
      process.on("unhandledRejection", onUnhandled);
      process.on("rejectionHandled", onHandled);
    }
    watched.set(promisePrototype, this);
  }

  readonly #prototype: object;

  /** Hands out what has come together. */
  take(): readonly unknown[] {
    const reasons = [...this.#reasons.values()];
    this.#reasons.clear();
    return reasons;
  }

  /** Ends the watch. */
  stop(): void {
    if (!watched.delete(this.#prototype) || watched.size > 0) return;
    process.off("unhandledRejection", onUnhandled);
    process.off("rejectionHandled", onHandled);
  }

  add(promise: object, reason: unknown): void {
    if (this.#reasons.size < MOST_KEPT) this.#reasons.set(promise, reason);
  }

  remove(promise: object): void {
    this.#reasons.delete(promise);
  }
}

const watched = new Map<object, StrayRejections>();

function onUnhandled(reason: unknown, promise: Promise<unknown>): void {
  const realm = realmOf(promise);
  if (realm !== undefined) realm.add(promise, reason);
  else if (process.listenerCount("unhandledRejection") === 1) throw reason;
}

function onHandled(promise: Promise<unknown>): void {
  realmOf(promise)?.remove(promise);
}

function realmOf(promise: object): StrayRejections | undefined {
  let prototype: object | null = Object.getPrototypeOf(promise);
  for (let step = 0; prototype !== null && step < 20; step += 1) {
    const realm = watched.get(prototype);
    if (realm !== undefined) return realm;
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}
