/**
 * What a program has written so far. It may be read from any place, several times, while more comes: a
 * client that lost its connection asks again from where it was.
 */
export class OutputLog {
  readonly #chunks: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #length = 0;
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push({ start: this.#length, bytes });
    this.#length += bytes.length;
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The bytes from `offset` on, until the program has ended or the signal aborts. */
  async *read(offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let place = offset;
    let next = this.#chunks.findIndex(({ start, bytes }) => start + bytes.length > offset);
    if (next < 0) next = this.#chunks.length;
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    while (!signal.aborted) {
      const chunk = this.#chunks[next];
      if (chunk !== undefined) {
        yield chunk.bytes.subarray(place - chunk.start);
        place = chunk.start + chunk.bytes.length;
        next += 1;
      } else if (this.#ended) return;
      else await Promise.race([this.#changed.promise, aborted]);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
