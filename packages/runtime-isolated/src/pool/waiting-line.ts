/** A group and its place in the order. It is one party from its first request until nothing of it is left. */
export interface Party {
  readonly group: string;
  /** Its place among all parties: a smaller number came earlier. */
  readonly arrival: number;
  /** Its requests and seats; the party is forgotten when there is none. */
  uses: number;
}

/** The parties that have a seat or wait for one. A group keeps its place in the order while it has either. */
export class Parties {
  readonly #byGroup = new Map<string, Party>();
  #arrivals = 0;

  /** The party of a group, with one more use. */
  join(group: string): Party {
    const known = this.#byGroup.get(group);
    const party = known ?? { group, arrival: this.#arrivals++, uses: 0 };
    if (known === undefined) this.#byGroup.set(group, party);
    party.uses += 1;
    return party;
  }

  /** Gives back one use. */
  leave(party: Party): void {
    party.uses -= 1;
    if (party.uses === 0) this.#byGroup.delete(party.group);
  }
}

/** Entries in the order in which their parties came; entries of one party in the order in which they asked. */
export class WaitingLine<Entry extends { readonly party: Party }> {
  #entries: Entry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values();
  }

  add(entry: Entry): void {
    const after = this.#entries.findLastIndex(({ party }) => party.arrival <= entry.party.arrival);
    this.#entries.splice(after + 1, 0, entry);
  }

  /** Takes out the entries that `serve` says are served, asking in order; "stop" leaves the rest unasked. */
  serve(serve: (entry: Entry) => "served" | "waits" | "stop"): void {
    const left: Entry[] = [];
    for (const [index, entry] of this.#entries.entries()) {
      const outcome = serve(entry);
      if (outcome !== "served") left.push(entry);
      if (outcome !== "stop") continue;
      left.push(...this.#entries.slice(index + 1));
      break;
    }
    this.#entries = left;
  }

  /** Takes out all entries. */
  empty(): readonly Entry[] {
    const all = this.#entries;
    this.#entries = [];
    return all;
  }
}
