/** Takes an entry out of its line; does nothing when it is out already. */
export type Leave = () => void;

/** An entry between those that asked before and after it for the same arrival. */
interface Link<Entry> {
  readonly entry: Entry;
  older: Link<Entry> | null;
  newer: Link<Entry> | null;
}

/** The entries of one arrival. */
interface Group<Entry> {
  readonly arrival: number;
  newest: Link<Entry> | null;
}

/**
 * A waiting line of agents. Those of the run that came to the flow first are next, and among them the one that asked
 * last, so that a run's tree finishes before more of it is begun.
 *
 * What a call costs does not grow with the number of agents in line: a run that is aborted takes out each of its own.
 */
export class WaitingLine<Entry> {
  /** The one that is next is the last element. No group is empty. */
  readonly #groups: Group<Entry>[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(arrival: number, entry: Entry): Leave {
    const group = this.#joined(arrival);
    const link: Link<Entry> = { entry, older: group.newest, newer: null };
    if (group.newest !== null) group.newest.newer = link;
    group.newest = link;
    this.#length += 1;
    return () => this.#remove(group, link);
  }

  /** Removes the next one. */
  next(): Entry | undefined {
    const group = this.#groups.at(-1);
    if (group === undefined || group.newest === null) return undefined;
    const { newest } = group;
    this.#remove(group, newest);
    return newest.entry;
  }

  /** Removes the next one with this arrival that is wanted. */
  nextOf(arrival: number, isWanted: (entry: Entry) => boolean): Entry | undefined {
    const group = this.#groups[this.#placeOf(arrival)];
    if (group?.arrival !== arrival) return undefined;
    for (let link = group.newest; link !== null; link = link.older) {
      if (!isWanted(link.entry)) continue;
      this.#remove(group, link);
      return link.entry;
    }
    return undefined;
  }

  #remove(group: Group<Entry>, link: Link<Entry>): void {
    const { older, newer } = link;
    // One that is out has no neighbours, as the only one of its group has none, but nothing leads to it.
    if (newer === null && group.newest !== link) return;
    if (newer === null) group.newest = older;
    else newer.older = older;
    if (older !== null) older.newer = newer;
    link.older = null;
    link.newer = null;
    this.#length -= 1;
    if (group.newest === null) this.#groups.splice(this.#placeOf(group.arrival), 1);
  }

  /** The group of this arrival, made where there is none. */
  #joined(arrival: number): Group<Entry> {
    const place = this.#placeOf(arrival);
    const found = this.#groups[place];
    if (found?.arrival === arrival) return found;
    const group: Group<Entry> = { arrival, newest: null };
    this.#groups.splice(place, 0, group);
    return group;
  }

  /** Where the group of this arrival is or would be. */
  #placeOf(arrival: number): number {
    let [low, high] = [0, this.#groups.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#groups[middle]?.arrival ?? 0) > arrival) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
