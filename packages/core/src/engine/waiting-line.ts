/**
 * A waiting line of agents. Those of the run that came to the flow first are next, and among them the one that asked
 * last, so that a run's tree finishes before more of it is begun.
 */
export class WaitingLine<Entry> {
  /** The next one is the last element. */
  readonly #entries: { readonly arrival: number; readonly entry: Entry }[] = [];

  get length(): number {
    return this.#entries.length;
  }

  add(arrival: number, entry: Entry): void {
    this.#entries.splice(this.#after(arrival), 0, { arrival, entry });
  }

  /** Removes the next one. */
  next(): Entry | undefined {
    return this.#entries.pop()?.entry;
  }

  /** Removes the next one with this arrival that is wanted. */
  nextOf(arrival: number, isWanted: (entry: Entry) => boolean): Entry | undefined {
    for (let place = this.#after(arrival) - 1; place >= 0; place--) {
      const at = this.#entries[place];
      if (at?.arrival !== arrival) return undefined;
      if (!isWanted(at.entry)) continue;
      this.#entries.splice(place, 1);
      return at.entry;
    }
    return undefined;
  }

  /** The index after all entries that arrived at the same time or later. */
  #after(arrival: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.arrival ?? 0) >= arrival) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
