/** The end of what was written, for messages: at most this many bytes of it. */
export class TextTail {
  readonly #most: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(most: number) {
    this.#most = most;
  }

  push(bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#most));
    this.#bytes = Buffer.concat([this.#bytes, kept]).subarray(-this.#most);
  }

  text(): string {
    return this.#bytes.toString("utf8").trim();
  }
}
