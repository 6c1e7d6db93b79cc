import { RLMError } from "../../errors.ts";
import type { Release } from "../model/gate.ts";
import { WaitingLine } from "../waiting-line.ts";

/** A REPL that nobody uses at the moment. */
export interface IdleRepl {
  /** Closes it; when it is gone, gives what gives its place back. Never rejects. */
  evict(): Promise<Release>;
}

/** One run among those that share the places. */
export class Party {
  /** When the run came to the flow: who came earlier is served first. */
  readonly arrival: number;
  /** Its REPLs whose agents wait for their children, the one that has waited longest first. */
  readonly suspended: Set<IdleRepl> = new Set();
  /** Its agents in line. */
  waiting = 0;
  /** Its suspended REPLs that are being closed for them. */
  swapping = 0;

  constructor(arrival: number) {
    this.arrival = arrival;
  }
}

interface Waiter {
  readonly party: Party;
  admit(): void;
}

interface Impatient {
  readonly party: Party;
  readonly done: () => void;
}

/** REPLs of finished runs that are kept for a further task; of the others, each is made again when there is one. */
const KEPT_FINISHED = 8;

/**
 * The places for live REPLs of one flow, over all of its runs.
 *
 * Owns: how many REPLs may be alive, which may be closed for room, and the line. Does not own: the REPLs.
 * 1. At most `limit` places are taken; a REPL has its place from before it is opened until it is closed.
 * 2. A place that comes free goes to the run that came first, and in it to the agent that asked last.
 * 3. No REPL is closed because another run needs room, but those of runs that nobody moves. An agent that
 *    waits for its model keeps its REPL: it goes on by itself, and what it holds comes free in the end.
 * 4. A run that needs a place and has agents which wait for children closes the REPL of one of these and gets
 *    its place, wherever it stands in line: it takes no more room than it had.
 *
 * Nobody waits for ever. A run with a place has either an agent that can go on without a further place, and will
 * end or be suspended, or all its REPLs are suspended, and by 4 it needs nobody else. So the runs that have
 * places end, whatever the line looks like, and by 2 the first in line is next.
 */
export class ReplPlaces {
  #free: number;
  readonly #line = new WaitingLine<Waiter>();
  /** Those with agents in line. */
  readonly #parties = new Set<Party>();
  /** REPLs of runs that nobody moves, the one that has rested longest first. */
  readonly #resting = new Set<IdleRepl>();
  /** Those of them whose run has ended. */
  readonly #finished = new Set<IdleRepl>();
  /** Who waits for a REPL that may be closed because the runtime is full. */
  readonly #impatient = new Set<Impatient>();
  /** Resting REPLs that are being closed. */
  #closing = 0;
  #swapping = 0;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Takes a place, closing a REPL for it where that is needed and right. Rejects with `aborted`. */
  enter(party: Party, signal: AbortSignal): Promise<Release> {
    if (signal.aborted) return Promise.reject(abortedInLine());
    const free = this.tryEnter();
    if (free !== null) return Promise.resolve(free);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.nextOf(party.arrival, (entry) => entry === waiter);
        this.#leftLine(party);
        reject(abortedInLine());
      };
      const waiter: Waiter = {
        party,
        admit: () => {
          signal.removeEventListener("abort", leave);
          this.#leftLine(party);
          resolve(this.#release());
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#line.add(party.arrival, waiter);
      party.waiting += 1;
      this.#parties.add(party);
      this.#makeRoom();
    });
  }

  /** A place, if one is free: nobody waits then. */
  tryEnter(): Release | null {
    if (this.#free === 0) return null;
    this.#free -= 1;
    return this.#release();
  }

  /** Says that a REPL's agent waits for children: it may be closed for others of its run. */
  suspend(party: Party, repl: IdleRepl): void {
    party.suspended.add(repl);
    if (party.waiting > party.swapping) this.#makeRoom();
    else this.#relieve((each) => each.party === party);
  }

  /** Says that nobody moves the run of a REPL: it may be closed for any. */
  rest(repl: IdleRepl, isFinished: boolean): void {
    this.#resting.add(repl);
    if (isFinished) this.#finished.add(repl);
    const [oldest] = this.#finished;
    if (oldest !== undefined && this.#finished.size > KEPT_FINISHED) this.#closeResting(oldest);
    this.#makeRoom();
    if (this.#resting.has(repl)) this.#relieve(() => true);
  }

  /** Says that a REPL is in use, its agent's own, or gone. */
  leave(party: Party, repl: IdleRepl): void {
    party.suspended.delete(repl);
    this.#resting.delete(repl);
    this.#finished.delete(repl);
  }

  /**
   * Closes a REPL for this run because the runtime is full: one that rests or a suspended one of its own, as soon as
   * there is one. Resolves when one is being closed or the signal aborts.
   */
  async evictOne(party: Party, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#evictFor(party)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = () => resolve();
    const impatient = { party, done };
    this.#impatient.add(impatient);
    signal.addEventListener("abort", done, { once: true });
    await promise;
    this.#impatient.delete(impatient);
    signal.removeEventListener("abort", done);
  }

  #relieve(isMeant: (impatient: Impatient) => boolean): void {
    const first = this.#impatient.values().find(isMeant);
    if (first === undefined || !this.#evictFor(first.party)) return;
    this.#impatient.delete(first);
    first.done();
  }

  #evictFor(party: Party): boolean {
    const [resting] = this.#resting;
    const [suspended] = party.suspended;
    if (resting !== undefined) this.#closeResting(resting);
    else if (suspended !== undefined) this.#swap(party, suspended);
    else return false;
    return true;
  }

  #makeRoom(): void {
    for (const resting of this.#resting) {
      if (this.#closing >= this.#line.length - this.#swapping) break;
      this.#closeResting(resting);
    }
    if (this.#closing >= this.#line.length - this.#swapping) return;
    for (const party of this.#parties) {
      for (const suspended of party.suspended) {
        if (party.swapping >= party.waiting) break;
        this.#swap(party, suspended);
      }
    }
  }

  #closeResting(repl: IdleRepl): void {
    this.#resting.delete(repl);
    this.#finished.delete(repl);
    this.#closing += 1;
    void repl.evict().then((release) => {
      this.#closing -= 1;
      release();
      this.#makeRoom();
    });
  }

  #swap(party: Party, repl: IdleRepl): void {
    party.suspended.delete(repl);
    party.swapping += 1;
    this.#swapping += 1;
    void repl.evict().then((release) => {
      party.swapping -= 1;
      this.#swapping -= 1;
      const own = this.#line.nextOf(party.arrival, (waiter) => waiter.party === party);
      // The place stays with the run.
      if (own === undefined) release();
      else own.admit();
      this.#makeRoom();
    });
  }

  #leftLine(party: Party): void {
    party.waiting -= 1;
    if (party.waiting === 0) this.#parties.delete(party);
  }

  #release(): Release {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#line.next();
      if (next === undefined) this.#free += 1;
      else next.admit();
    };
  }
}

function abortedInLine(): RLMError {
  return new RLMError("aborted", "Aborted while waiting for a place.");
}
