/** Bytes of one UTF-16 unit: what a text costs at most. */
const BYTES_PER_CHARACTER = 2;

/**
 * Pieces of contexts that were read lately, shared by all isolates of a process. Owns texts of at most
 * `maxBytes` in all; the piece that was used longest ago goes first.
 */
export class PieceCache {
  readonly #maxBytes: number;
  readonly #pieces = new Map<string, string>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(digest: string, index: number): string | undefined {
    const key = `${digest}:${index}`;
    const piece = this.#pieces.get(key);
    if (piece === undefined) return undefined;
    // A Map keeps the order of insertion: what is put in again is the last to go.
    this.#pieces.delete(key);
    this.#pieces.set(key, piece);
    return piece;
  }

  put(digest: string, index: number, piece: string): void {
    const key = `${digest}:${index}`;
    if (this.#pieces.has(key)) return;
    this.#pieces.set(key, piece);
    this.#bytes += piece.length * BYTES_PER_CHARACTER;
    for (const [oldest, text] of this.#pieces) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#pieces.delete(oldest);
      this.#bytes -= text.length * BYTES_PER_CHARACTER;
    }
  }
}
