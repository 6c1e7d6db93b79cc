/** Epoch milliseconds as code sees them. */
export class Clock {
  #now = 0;

  /** Moves the clock. It never goes back within a block. */
  set(now: number): void {
    this.#now = now;
  }

  /** Where the clock stands. */
  get now(): number {
    return this.#now;
  }
}
