import { RLMError } from "../../errors.ts";
import { brokenInvariant } from "../../invariant.ts";
import type { Release } from "./semaphore.ts";
import { WaitingLine } from "./waiting-line.ts";

/** A REPL that is not in use at the moment. */
export interface IdleRepl {
  /** Closes it. When it is gone, resolves with the function that returns its permit. Never rejects. */
  evict(): Promise<Release>;
}

/** One run among those that share the permits. */
export class Party {
  /** The run's rank in the flow: a run that came earlier is served first. */
  readonly arrival: number;
  /** Its REPLs whose agents wait for children, the longest wait first. */
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
  /** Gives the agent a permit that is held already. */
  admit(permit: Release): void;
}

interface Impatient {
  readonly party: Party;
  readonly done: () => void;
}

/** How many REPLs of finished runs are kept for a further query; the others are rebuilt if there is one. */
const KEPT_FINISHED = 8;

/**
 * The permits for live REPLs of one flow, over all of its runs.
 *
 * Owns: the permits that are held, which REPLs may be closed for room, and the waiting line. Does not own: the REPLs.
 * 1. At most `limit` permits are held. Each is given back once, or passed on once within its run.
 * 2. A free permit goes to the run that came first, and within it to the agent that asked last.
 * 3. A run that moves never loses a REPL because another run needs room; a run that rests may. An agent that waits
 *    for its model keeps its REPL: it will continue without help, so its permit becomes free in the end.
 * 4. A run that needs a permit and has agents that wait for children closes the REPL of one of these and takes over
 *    its permit, whatever its position in line: it uses no more room than before.
 *
 * So no run waits for ever. A run with a permit either has an agent that can continue without a further permit, and
 * will end or be suspended; or all its REPLs are suspended, and by 4 it needs no other run. So the runs that have
 * permits end, whatever the line looks like, and by 2 the first in line is next.
 */
export class ReplPermits {
  readonly #limit: number;
  /** The permits that are taken. */
  readonly #held = new Set<Release>();
  readonly #line = new WaitingLine<Waiter>();
  /** The runs with agents in line. */
  readonly #parties = new Set<Party>();
  /** REPLs of runs that rest, the longest rest first. */
  readonly #resting = new Set<IdleRepl>();
  /** The resting REPLs whose run has ended. */
  readonly #finished = new Set<IdleRepl>();
  /** Agents whose runtime is full and that wait for a REPL which may be closed. */
  readonly #impatient = new Set<Impatient>();
  /** Resting REPLs that are being closed. */
  #closing = 0;
  #swapping = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a permit, closing a REPL for it if the rules above allow. Rejects with `aborted`. */
  enter(party: Party, signal: AbortSignal): Promise<Release> {
    if (signal.aborted) return Promise.reject(abortedInLine());
    const free = this.tryEnter();
    if (free !== null) return Promise.resolve(free);
    return new Promise((resolve, reject) => {
      const admit = (permit: Release) => {
        signal.removeEventListener("abort", abort);
        this.#leftLine(party);
        resolve(this.#stillHeld(permit));
      };
      const leave = this.#line.add(party.arrival, { party, admit });
      const abort = () => {
        leave();
        this.#leftLine(party);
        reject(abortedInLine());
      };
      signal.addEventListener("abort", abort, { once: true });
      party.waiting += 1;
      this.#parties.add(party);
      this.#makeRoom();
    });
  }

  /** Takes a permit if one is free, which implies that no agent waits for one. */
  tryEnter(): Release | null {
    return this.#held.size < this.#limit ? this.#grant() : null;
  }

  /** The agent of this REPL waits for children: the REPL may be closed for another agent of its run. */
  suspend(party: Party, repl: IdleRepl): void {
    party.suspended.add(repl);
    if (party.waiting > party.swapping) this.#makeRoom();
    else this.#relieve((each) => each.party === party);
  }

  /** The run of this REPL rests: the REPL may be closed for any run. */
  rest(repl: IdleRepl, isFinished: boolean): void {
    this.#resting.add(repl);
    if (isFinished) this.#finished.add(repl);
    const [oldest] = this.#finished;
    if (oldest !== undefined && this.#finished.size > KEPT_FINISHED) this.#closeResting(oldest);
    this.#makeRoom();
    if (this.#resting.has(repl)) this.#relieve(() => true);
  }

  /** This REPL is gone or may not be closed for room any more. */
  leave(party: Party, repl: IdleRepl): void {
    party.suspended.delete(repl);
    this.#resting.delete(repl);
    this.#finished.delete(repl);
  }

  /**
   * Closes a REPL for this run because the runtime is full: one of a resting run or a suspended one of this run, as
   * soon as there is one. Resolves when one is being closed or the signal aborts.
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
      // The permit stays with the run.
      if (own === undefined) release();
      else own.admit(release);
      this.#makeRoom();
    });
  }

  #leftLine(party: Party): void {
    party.waiting -= 1;
    if (party.waiting === 0) this.#parties.delete(party);
  }

  #grant(): Release {
    const release = () => {
      if (this.#held.delete(release)) this.#line.next()?.admit(this.#grant());
    };
    this.#held.add(release);
    return release;
  }

  /** The permit that one agent of a run takes over from another. */
  async #stillHeld(permit: Release): Promise<Release> {
    if (!this.#held.has(permit)) throw brokenInvariant("a permit that is passed on has not been given back");
    return permit;
  }
}

function abortedInLine(): RLMError {
  return new RLMError("aborted", "Aborted while waiting for a permit.");
}
