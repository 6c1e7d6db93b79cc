// A channel of frames, one a line, over two streams of bytes.
//
// Owns: cutting bytes into lines, the order of writes. Does not own: what is at the other end, and how it is
// ended. Invariants: (1) bytes may be split and joined anywhere on their way; (2) at most one unfinished line of
// `maxFrameBytes` is held; a longer one ends the channel; (3) writes happen one after the other, and none after
// the close.
import { StringDecoder } from "node:string_decoder";
import { RLMError } from "@rlmflow/core";
import type { Channel } from "./channel.ts";

/** Two streams of bytes to one sandbox, and how it is ended. */
export interface LineChannelOptions {
  /** What the sandbox writes. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when the bytes are on their way and more may be written. Called one at a time. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the sandbox for good, and with it `input`. Called once. */
  close(): Promise<void>;
  /** Bytes of the longest frame that is taken from the sandbox; 64 MiB unless given. */
  readonly maxFrameBytes?: number;
}

const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Frames of newline-separated JSON over any two streams of bytes. */
export function lineChannel(options: LineChannelOptions): Channel {
  const encoder = new TextEncoder();
  let writing: Promise<void> = Promise.resolve();
  let closing: Promise<void> | null = null;
  return {
    send(frame) {
      const write = async (): Promise<void> => {
        if (closing !== null) throw new RLMError("closed", "The channel to the sandbox was closed.");
        await options.write(encoder.encode(`${frame}\n`));
      };
      const sent = writing.then(write);
      writing = sent.catch(() => {});
      return sent;
    },
    receive: () => lines(options.input, options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES),
    close() {
      closing ??= options.close();
      return closing;
    },
  };
}

async function* lines(input: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  let line = new Line(maxBytes);
  for await (const chunk of input) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      line.push(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) break;
      const text = line.text();
      line = new Line(maxBytes);
      start = end + 1;
      if (text !== "") yield text;
    }
  }
}

/** A line that is still coming in. Joined once, so a long one in many chunks takes linear time. */
class Line {
  readonly #maxBytes: number;
  readonly #decoder = new StringDecoder("utf8");
  readonly #parts: string[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) {
      throw new RLMError(
        "protocol_violation",
        `The sandbox sent a frame of more than ${this.#maxBytes} bytes.`,
      );
    }
    if (bytes.length > 0) this.#parts.push(this.#decoder.write(Buffer.from(bytes)));
  }

  text(): string {
    return this.#parts.join("") + this.#decoder.end();
  }
}
