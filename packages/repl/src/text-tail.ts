import { StringDecoder } from "node:string_decoder";

/** The last bytes of what a stream wrote, as text. Holds no more than it is asked to keep, and one chunk. */
export class TextTail {
  readonly #maxBytes: number;
  #kept: Buffer = Buffer.alloc(0);
  #cut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(bytes: Uint8Array): void {
    const all = Buffer.concat([this.#kept, bytes]);
    this.#cut ||= all.length > this.#maxBytes;
    // A copy: a part of a large chunk would keep the whole of it.
    this.#kept = Buffer.from(all.subarray(Math.max(0, all.length - this.#maxBytes)));
  }

  /** Without the torn character and the control characters that a terminal would obey. */
  text(): string {
    const decoder = new StringDecoder("utf8");
    const start = this.#cut ? this.#kept.findIndex((byte) => (byte & 0xc0) !== 0x80) : 0;
    const text = decoder.write(this.#kept.subarray(Math.max(0, start)));
    return (this.#cut ? `…${text}` : text).replaceAll(CONTROL, "\ufffd").trim();
  }
}

const CONTROL = /[^\P{Cc}\n\t\r]/gu;
