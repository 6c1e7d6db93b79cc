// One payload of CONTEXT: reads ranges, keeps none of the text.
//
// Owns: the record of what was read, and a sparse index of lines (4 bytes for each 65,536 characters),
// built when lines are first asked for. Invariants: (1) the host is asked for one aligned piece at a
// time; (2) no text outlives the call that read it; (3) an end inside a surrogate pair moves before it.

import { type PayloadSpec, PIECE, type ReadContext } from "../../wire/evaluator-spec.ts";
import { charCodeAt, smaller, TypeErrorConstructor, trunc } from "../realm/primordials.ts";
import { ReadRanges } from "./read-ranges.ts";

/** UTF-16 units that are read at once: a text takes up to four times as many bytes while it is put together. */
const MOST_READ = 10_000_000;
const BYTE_ORDER_MARK = 0xfeff;

/** Text that is read in ranges. Positions are UTF-16 units. */
export class Payload {
  readonly key: string;
  readonly characters: number;
  readonly metadata: unknown;
  readonly reads: ReadRanges = new ReadRanges();
  /** A byte order mark was read since this was last set to false. */
  markRead = false;
  #textStart: number | null = null;
  readonly #readContext: ReadContext;

  constructor(spec: PayloadSpec, readContext: ReadContext) {
    this.key = spec.key;
    this.characters = spec.characters;
    this.metadata = spec.metadata;
    this.#readContext = readContext;
  }

  /** Where the text begins: behind a byte order mark, if there is one. */
  get textStart(): number {
    this.#textStart ??= this.characters > 0 && charCodeAt(this.units(0, 1), 0) === BYTE_ORDER_MARK ? 1 : 0;
    return this.#textStart;
  }

  /** The text from `start` up to `end`, whole characters only; notes that it was read. */
  read(start: number, end: number): string {
    const from = this.snap(start);
    const to = this.snap(end);
    if (from >= to) return "";
    if (to - from > MOST_READ) {
      throw new TypeErrorConstructor(
        `${to - from} characters are too many to read at once (${MOST_READ} at most): search with CONTEXT.grep, or read parts, such as CONTEXT.read(0, 100000) or each of CONTEXT.chunks(100000)`,
      );
    }
    if (from === 0 && this.textStart > 0) this.markRead = true;
    this.reads.add(from, to);
    return this.units(from, to);
  }

  /** The units of a range as they are, not noted as read. */
  units(start: number, end: number): string {
    let text = "";
    for (let at = start; at < end; ) {
      const pieceEnd = at - (at % PIECE) + PIECE;
      const stop = smaller(pieceEnd, end);
      const piece = this.#readContext(this.key, at, stop);
      if (piece.length !== stop - at) throw new TypeErrorConstructor("the context could not be read");
      text += piece;
      at = stop;
    }
    return text;
  }

  /** The position itself, or the one before when it lies inside a surrogate pair. */
  snap(position: number): number {
    if (position <= 0 || position >= this.characters) return position;
    const pair = this.units(position - 1, position + 1);
    return isHigh(charCodeAt(pair, 0)) && isLow(charCodeAt(pair, 1)) ? position - 1 : position;
  }

  /** A position from what a guest gave, as `slice` of a string takes it. */
  position(value: unknown, fallback: number, name: string): number {
    return toPosition(value, fallback, this.characters, name);
  }
}

/** A place among `count` from a guest's number: negative counts from the end, beyond is clamped. */
export function toPosition(value: unknown, fallback: number, count: number, name: string): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !(value <= 0 || value > 0)) {
    throw new TypeErrorConstructor(`${name} must be a number`);
  }
  const whole = trunc(value);
  const at = whole < 0 ? whole + count : whole;
  return at < 0 ? 0 : smaller(at, count);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
