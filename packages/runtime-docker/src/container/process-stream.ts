// The stream between us and one process in a container.
//
// Owns: the stream. Does not own: the process, and how it died. Invariants: (1) output is read as fast as it is
// asked for, so a process that floods it waits; (2) of the errors only the end is kept; (3) a failing stream is
// the end of the output, never an uncaught error.
import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import type { RLMError } from "@rlmflow/core";
import { demultiplex } from "./demultiplex.ts";
import { TextTail } from "./text-tail.ts";

const ERRORS_KEPT = 4_096;

/** A stream that the engine has connected with a process; see the head of this file. */
export class ProcessStream {
  readonly #stream: Duplex;
  readonly #errors = new TextTail(ERRORS_KEPT);
  #spoken = false;
  #destroyed = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on("error", () => {});
  }

  /** Whether the process has written anything to its output. */
  get spoken(): boolean {
    return this.#spoken;
  }

  /** The end of what it wrote to its errors. */
  get errors(): string {
    return this.#errors.text();
  }

  /** What the process writes. When that ends and nobody has destroyed the stream, throws what `why` gives. */
  async *output(why: () => Promise<RLMError>): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of demultiplex(this.#stream, (bytes) => this.#errors.push(bytes))) {
        this.#spoken = true;
        yield piece;
      }
    } catch (error) {
      if (!isStreamFailure(error)) throw error;
    }
    if (!this.#destroyed) throw await why();
  }

  /** Resolves when the output has ended, or the time is over. */
  async endsWithin(ms: number): Promise<void> {
    const signal = AbortSignal.timeout(ms);
    await finished(this.#stream, { writable: false, signal }).catch(() => {});
  }

  /** Reads and forgets all output. */
  drain(): void {
    this.#stream.resume();
  }

  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The process reads the end of its input after what was written. */
  endInput(): void {
    this.#destroyed = true;
    this.#stream.end();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#stream.destroy();
  }
}

/** A failure of the connection has a system's code; anything else is ours to report. */
function isStreamFailure(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^E[A-Z_]+$/.test(error.code)
  );
}
