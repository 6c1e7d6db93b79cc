// The sandbox's end of a channel over file descriptors, read and written without the event loop.
//
// Code that reads a context stands still until the text is there, so frames are read where they are wanted: here,
// blocking. Owns: the bytes read ahead. Does not own: the descriptors' life. Invariant: nothing else of the
// process reads `input` or writes `output`.
import { closeSync, readSync, writeSync } from "node:fs";
import type { Channel } from "../wire/channel.ts";

/** Descriptors that frames are read from and written to; one socket may be both. */
export interface Descriptors {
  readonly input: number;
  readonly output: number;
}

const CHUNK_BYTES = 65_536;
const NEWLINE = 0x0a;
const PAUSE_MS = 2;

/** A channel that blocks the process until a frame is there, and gives frames one by one to who asks. */
export class DescriptorChannel implements Channel {
  readonly #descriptors: Descriptors;
  #parts: Buffer[] = [];
  #ahead: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(descriptors: Descriptors) {
    this.#descriptors = descriptors;
  }

  async send(frame: string): Promise<void> {
    this.write(frame);
  }

  /** Writes a frame, whole. Throws when the other end is gone. */
  write(frame: string): void {
    const bytes = Buffer.from(`${frame}\n`);
    let written = 0;
    while (written < bytes.length) {
      written += whenReady(() => writeSync(this.#descriptors.output, bytes, written));
    }
  }

  /** The next frame, or `null` when the other end is gone. */
  read(): string | null {
    for (;;) {
      const end = this.#ahead.indexOf(NEWLINE);
      if (end !== -1) return this.#line(end);
      this.#parts.push(this.#ahead);
      this.#ahead = this.#chunk();
      if (this.#ended) return null;
    }
  }

  async *receive(): AsyncGenerator<string> {
    for (;;) {
      const frame = this.read();
      if (frame === null) return;
      yield frame;
    }
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    closeSync(this.#descriptors.output);
  }

  #line(end: number): string {
    const line = Buffer.concat([...this.#parts, this.#ahead.subarray(0, end)]).toString("utf8");
    this.#parts = [];
    this.#ahead = this.#ahead.subarray(end + 1);
    return line;
  }

  #chunk(): Buffer {
    const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
    const read = this.#ended ? 0 : whenReady(() => readSync(this.#descriptors.input, bytes));
    this.#ended ||= read === 0;
    return bytes.subarray(0, read);
  }
}

/** Descriptors that somebody made non-blocking answer EAGAIN; then this waits a moment and tries again. */
function whenReady(attempt: () => number): number {
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
