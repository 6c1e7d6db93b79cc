import { PIECE } from "../../wire/evaluator-spec.ts";
import { charCodeAt, smaller, stringIndexOf, Uint32ArrayConstructor } from "../realm/primordials.ts";
import type { Payload } from "./payload.ts";

/**
 * Where the lines of a payload begin, to within a piece. Built by one pass when first needed; holds
 * four bytes for each 65,536 characters and no text. A final line break starts no further line.
 */
export class LineIndex {
  readonly #payload: Payload;
  /** Line breaks before each piece, and in all. */
  #breaks: Uint32Array | null = null;

  constructor(payload: Payload) {
    this.#payload = payload;
  }

  /** Number of lines. */
  count(): number {
    const { characters } = this.#payload;
    if (characters === 0) return 0;
    const breaks = this.#counts();
    const all = breaks[breaks.length - 1] ?? 0;
    const last = this.#payload.units(characters - 1, characters);
    return charCodeAt(last, 0) === LINE_FEED ? all : all + 1;
  }

  /** Position of the first character of line `line`, from 0; the end of the text beyond the last. */
  startOf(line: number): number {
    if (line <= 0) return 0;
    const breaks = this.#counts();
    if (line > (breaks[breaks.length - 1] ?? 0)) return this.#payload.characters;
    let low = 0;
    let high = breaks.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((breaks[middle] ?? 0) < line) low = middle;
      else high = middle - 1;
    }
    const piece = this.#piece(low);
    let at = 0;
    for (let seen = breaks[low] ?? 0; seen < line; seen += 1) at = stringIndexOf(piece, "\n", at) + 1;
    return low * PIECE + at;
  }

  #counts(): Uint32Array {
    if (this.#breaks !== null) return this.#breaks;
    const { characters } = this.#payload;
    const pieces = (characters - (characters % PIECE)) / PIECE + (characters % PIECE === 0 ? 0 : 1);
    const breaks = new Uint32ArrayConstructor(pieces + 1);
    for (let i = 0; i < pieces; i += 1) breaks[i + 1] = (breaks[i] ?? 0) + countBreaks(this.#piece(i));
    this.#breaks = breaks;
    return breaks;
  }

  #piece(index: number): string {
    const start = index * PIECE;
    const end = start + PIECE;
    return this.#payload.units(start, smaller(end, this.#payload.characters));
  }
}

const LINE_FEED = 10;

/** Line breaks in a text. */
export function countBreaks(text: string): number {
  let count = 0;
  for (let at = stringIndexOf(text, "\n"); at !== -1; at = stringIndexOf(text, "\n", at + 1)) count += 1;
  return count;
}
