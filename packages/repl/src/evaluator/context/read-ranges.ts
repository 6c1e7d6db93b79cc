import { append, bareList, larger, smaller } from "../realm/primordials.ts";

/** Ranges kept per payload; beyond it the two that lie closest become one. */
const MAX_RANGES = 256;

/** The parts of a payload that were read: sorted, apart from each other, bounded in number. */
export class ReadRanges {
  /** Start and end of each range in turn. */
  #bounds: number[] = bareList();

  /** Notes a range, joined with those it touches. */
  add(start: number, end: number): void {
    const next = bareList<number>();
    let from = start;
    let to = end;
    let placed = false;
    for (let i = 0; i + 1 < this.#bounds.length; i += 2) {
      const a = this.#bounds[i] ?? 0;
      const b = this.#bounds[i + 1] ?? 0;
      if (b < from) {
        append(next, a);
        append(next, b);
      } else if (a > to) {
        if (!placed) {
          append(next, from);
          append(next, to);
          placed = true;
        }
        append(next, a);
        append(next, b);
      } else {
        from = smaller(a, from);
        to = larger(b, to);
      }
    }
    if (!placed) {
      append(next, from);
      append(next, to);
    }
    this.#bounds = next.length > MAX_RANGES * 2 ? joinClosest(next) : next;
  }

  /** Forgets everything: a new block begins. */
  clear(): void {
    this.#bounds = bareList();
  }

  /** Calls back for each range in order. */
  each(visit: (start: number, end: number) => void): void {
    for (let i = 0; i + 1 < this.#bounds.length; i += 2) {
      visit(this.#bounds[i] ?? 0, this.#bounds[i + 1] ?? 0);
    }
  }
}

function joinClosest(bounds: readonly number[]): number[] {
  let closest = 1;
  for (let i = 1; i + 1 < bounds.length; i += 2) {
    const gap = (bounds[i + 1] ?? 0) - (bounds[i] ?? 0);
    if (gap < (bounds[closest + 1] ?? 0) - (bounds[closest] ?? 0)) closest = i;
  }
  const joined = bareList<number>();
  for (let i = 0; i < bounds.length; i += 1) {
    if (i !== closest && i !== closest + 1) append(joined, bounds[i] ?? 0);
  }
  return joined;
}
