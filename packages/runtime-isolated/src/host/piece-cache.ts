/**
 * Pieces of contexts that were read lately, shared by all isolates of a process. Owns one block of memory in
 * which they lie as bytes: as strings, pieces that come and go would grow old on the heap before they are
 * dropped, and take several times as much until it is cleaned.
 *
 * 1. The cache holds at most `slots` pieces; the least recently used piece makes room.
 * 2. Memory is taken when a piece first needs it.
 * 3. After `clear` no text of any piece is left.
 */
import { PIECE_CHARACTERS } from "../wire.ts";

/** A slot is as large as a piece of two-byte characters. */
const SLOT_BYTES = PIECE_CHARACTERS * 2;

interface Place {
  readonly start: number;
  readonly end: number;
  readonly encoding: "latin1" | "utf16le";
}

/** See the head of this file. */
export class PieceCache {
  readonly #memory: Buffer;
  readonly #places = new Map<string, Place>();
  readonly #slots: number;

  constructor(bytes: number) {
    this.#slots = Math.floor(bytes / SLOT_BYTES);
    this.#memory = Buffer.alloc(this.#slots * SLOT_BYTES);
  }

  get(digest: string, index: number): string | undefined {
    const key = `${digest}:${index}`;
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    // A Map keeps the order of insertion: what is put in again is the last to go.
    this.#places.delete(key);
    this.#places.set(key, place);
    return this.#memory.toString(place.encoding, place.start, place.end);
  }

  put(digest: string, index: number, piece: string): void {
    const key = `${digest}:${index}`;
    if (this.#places.has(key) || piece.length > PIECE_CHARACTERS) return;
    const start = this.#freeSlot();
    const encoding = ONE_BYTE.test(piece) ? "latin1" : "utf16le";
    const end = start + this.#memory.write(piece, start, SLOT_BYTES, encoding);
    this.#places.set(key, { start, end, encoding });
  }

  /** Forgets every piece, and overwrites the memory in which they lay. */
  clear(): void {
    this.#memory.fill(0, 0, this.#places.size * SLOT_BYTES);
    this.#places.clear();
  }

  #freeSlot(): number {
    if (this.#places.size < this.#slots) return this.#places.size * SLOT_BYTES;
    const [oldest] = this.#places;
    if (oldest === undefined) return 0;
    const [key, { start }] = oldest;
    this.#places.delete(key);
    return start;
  }
}

/** Characters that V8 keeps in one byte each. */
const ONE_BYTE = /^[^\u0100-\uffff]*$/;
