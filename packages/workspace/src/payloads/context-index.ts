/** UTF-16 units between two entries of an index, and about as many in one piece of text. */
export const PIECE_UNITS: number = 1 << 16;

/** Where in a UTF-8 file its UTF-16 units lie: one entry for the first character at or behind each 64 Ki units. */
export interface ContextIndex {
  readonly digest: string;
  readonly characters: number;
  readonly bytes: number;
  /** The unit with which each piece begins: a multiple of 64 Ki, or one more where that would split a pair. */
  readonly units: Float64Array;
  /** The byte with which each piece begins. */
  readonly offsets: Float64Array;
}

/** Builds the entries of an index from the bytes of a file, in chunks of whole characters. */
export class ContextScan {
  readonly #units: number[] = [];
  readonly #offsets: number[] = [];
  #characters = 0;
  #bytes = 0;

  get characters(): number {
    return this.#characters;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes the next bytes: valid UTF-8 that ends with the end of a character. */
  add(chunk: Uint8Array, isAscii: boolean): void {
    if (isAscii) this.#addAscii(chunk.length);
    else this.#addAny(chunk);
    this.#bytes += chunk.length;
  }

  /** The index of everything that was added. */
  finish(digest: string): ContextIndex {
    return {
      digest,
      characters: this.#characters,
      bytes: this.#bytes,
      units: Float64Array.from(this.#units),
      offsets: Float64Array.from(this.#offsets),
    };
  }

  #addAscii(length: number): void {
    const end = this.#characters + length;
    for (let next = this.#units.length * PIECE_UNITS; next < end; next += PIECE_UNITS) {
      const unit = Math.max(next, this.#characters);
      this.#units.push(unit);
      this.#offsets.push(this.#bytes + unit - this.#characters);
    }
    this.#characters = end;
  }

  #addAny(chunk: Uint8Array): void {
    let unit = this.#characters;
    let next = this.#units.length * PIECE_UNITS;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      if ((byte & 0xc0) === 0x80) continue;
      if (unit >= next) {
        this.#units.push(unit);
        this.#offsets.push(this.#bytes + i);
        next += PIECE_UNITS;
      }
      unit += byte >= 0xf0 ? 2 : 1;
    }
    this.#characters = unit;
  }
}

/** The number of the piece that holds this unit. */
export function pieceOf(index: ContextIndex, unit: number): number {
  const guess = Math.floor(unit / PIECE_UNITS);
  return (index.units[guess] ?? Number.POSITIVE_INFINITY) > unit ? guess - 1 : guess;
}
