import { Gate, type Release } from "../model/gate.ts";

/** A REPL that nobody uses at the moment. */
export interface IdleRepl {
  /** Closes it and, when it is gone, gives its place back. Never rejects. */
  evict(): Promise<void>;
}

/**
 * The places for live REPLs of one flow, over all of its runs.
 *
 * Owns: how many REPLs may be alive, and which of them are idle. Does not own: the REPLs (their pools do).
 * 1. At most `limit` places are taken; a REPL has its place from before it is opened until it is closed.
 * 2. Where somebody waits for a place, the REPLs that were idle longest are closed, one for each who waits.
 */
export class ReplPlaces {
  readonly #gate: Gate;
  readonly #idle = new Set<IdleRepl>();
  /** Who waits for a REPL to come to rest, so that it can be closed. */
  readonly #impatient = new Set<() => void>();
  #closing = 0;

  constructor(limit: number) {
    this.#gate = new Gate(limit);
  }

  /** Takes a place, closing an idle REPL for it where that is needed. Rejects with `aborted`. */
  enter(signal: AbortSignal): Promise<Release> {
    const entering = this.#gate.enter(signal);
    this.#makeRoom();
    return entering;
  }

  /** Says that a REPL may be closed for room from now on. */
  rest(repl: IdleRepl): void {
    this.#idle.add(repl);
    this.#makeRoom();
    const [waiter] = this.#impatient;
    if (waiter === undefined || !this.#evictOldest()) return;
    this.#impatient.delete(waiter);
    waiter();
  }

  /** Says that a REPL is in use or gone. */
  leave(repl: IdleRepl): void {
    this.#idle.delete(repl);
  }

  /**
   * Closes the REPL that has been idle for longest, or, when none is idle, the next one that comes to rest.
   * Resolves as soon as one is being closed or the signal aborts.
   */
  async evictOne(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#evictOldest()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => resolve();
    this.#impatient.add(done);
    signal.addEventListener("abort", done, { once: true });
    await promise;
    this.#impatient.delete(done);
    signal.removeEventListener("abort", done);
  }

  #evictOldest(): boolean {
    const [oldest] = this.#idle;
    if (oldest === undefined) return false;
    this.#idle.delete(oldest);
    this.#closing += 1;
    void oldest.evict().then(() => {
      this.#closing -= 1;
      this.#makeRoom();
    });
    return true;
  }

  #makeRoom(): void {
    while (this.#closing < this.#gate.waiting) if (!this.#evictOldest()) return;
  }
}
