// The stream between us and one process in a container.
//
// Owns: the stream. Does not own: the process, and how it died. Invariants: (1) output is read as fast as it is
// asked for, so a process that floods it waits; (2) of the errors only the end is kept; (3) a failing stream is
// the end of the output, never an uncaught error.
import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import type { RLMError } from "@rlmflow/core";
import { type Channel, lineChannel, TextTail } from "@rlmflow/repl";
import { demultiplex } from "./demultiplex.ts";

const ERRORS_KEPT = 4_096;

/** How a channel to a process ends. */
export interface ChannelEnds {
  /** Why the process has ended. */
  why(): Promise<RLMError>;
  close(): Promise<void>;
}

/** A stream that the engine has connected with a process; see the head of this file. */
export class ProcessStream {
  readonly #stream: Duplex;
  readonly #errors = new TextTail(ERRORS_KEPT);
  #spoken = false;
  #isRead = false;
  /** Nobody wants to hear of it any more. */
  #givenUp = false;

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

  /** Frames to and from the process. Called once. What the channel ends with, when it was not closed, is `why`. */
  channel({ why, close }: ChannelEnds): Channel {
    return lineChannel({
      input: this.#output(why),
      write: (bytes) => this.#write(bytes, why),
      close,
    });
  }

  /** Resolves when the output has ended, or the time is over. */
  async endsWithin(ms: number): Promise<void> {
    const signal = AbortSignal.timeout(ms);
    await finished(this.#stream, { writable: false, signal }).catch(() => {});
  }

  /** Reads all output and keeps nothing but the end of the errors. Does nothing where it is read already. */
  async drain(): Promise<void> {
    if (this.#isRead) return;
    try {
      for await (const _ of this.#pieces());
    } catch {
      // What it has to say is of no interest.
    }
  }

  /** The process reads the end of its input after what was written. */
  endInput(): void {
    this.#givenUp = true;
    this.#stream.end();
  }

  destroy(): void {
    this.#givenUp = true;
    this.#stream.destroy();
  }

  async *#output(why: ChannelEnds["why"]): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#pieces();
    } catch (error) {
      if (!isStreamFailure(error)) throw error;
    }
    if (!this.#givenUp) throw await why();
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    this.#isRead = true;
    for await (const piece of demultiplex(this.#stream, (bytes) => this.#errors.push(bytes))) {
      this.#spoken = true;
      yield piece;
    }
  }

  /** Resolves when more may be written. That the process is gone says less than why it is. */
  async #write(bytes: Uint8Array, why: ChannelEnds["why"]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    try {
      await promise;
    } catch (error) {
      throw this.#givenUp ? error : await why();
    }
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
