import { RLMError } from "@rlmflow/core";
import type { Channel } from "./wire/channel.ts";
import { decodeRequest, encodeFrame, type ReplyFrame, readLimit, WIRE_PROTOCOL } from "./wire/frames.ts";

/** A REPL as the sandbox's side of the wire uses it: texts in, the evaluator's activation out. */
export interface ServedRepl {
  /**
   * Runs the block until no microtask is left and gives the activation. Code may compute `patience` times as long as it may.
   * Rejects when the REPL is gone; an RLMError may name the limit it reached in `details.limit`: `timeMs` in ms or
   * `memoryMB` in MB, the engine takes no other.
   */
  start(block: string, patience: number): Promise<string>;
  /** Gives the answer to the running block; otherwise as `start`. */
  deliver(answer: string, patience: number): Promise<string>;
  /** What the entry that failed, or is under way, has written: its beginning and end are enough. */
  written?(): string;
  dispose(): Promise<void>;
}

/** What {@link serveRepl} needs beside the channel. */
export interface ServeReplOptions {
  /** Name and version of the engine that runs the code, for example `v8 13.6`. */
  readonly engine: string;
  /** Name of the language that blocks are in (`Language.name`); the engine refuses another than its own. */
  readonly language?: string;
  /**
   * Makes the REPL from the evaluator's spec. `tell` may be given what the entry under way has written so far, for the
   * case that the sandbox dies; it must be called before `start` or `deliver` settles.
   */
  makeRepl(spec: string, tell: (written: string) => void): Promise<ServedRepl>;
}

/**
 * The sandbox's side of the wire: serves one REPL until it is disposed or the channel ends, then closes the
 * channel. `range` frames are not looked at here: who reads contexts over the wire takes them out of
 * `receive` before (see {@link readThrough}).
 */
export async function serveRepl(channel: Channel, options: ServeReplOptions): Promise<void> {
  const say = (frame: ReplyFrame): Promise<void> => channel.send(encodeFrame(frame));
  let repl: ServedRepl | null = null;
  let entry = 0;
  const tell = (text: string): void => {
    say({ type: "output", entry, text }).catch(() => {});
  };
  try {
    const { engine, language } = options;
    const hello = { type: "hello", protocol: WIRE_PROTOCOL, engine } as const;
    await say(language === undefined ? hello : { ...hello, language });
    for await (const text of channel.receive()) {
      const frame = decodeRequest(text);
      if (frame.type === "dispose") break;
      if (frame.type === "open") {
        repl = await options.makeRepl(frame.spec, tell);
        await say({ type: "opened" });
      } else if (frame.type !== "range" && repl !== null) {
        const { patience = 1 } = frame;
        entry = frame.entry;
        const isStart = frame.type === "start";
        const activation = await (isStart
          ? repl.start(frame.block, patience)
          : repl.deliver(frame.answer, patience));
        await say({ type: "activation", entry, activation });
      }
    }
  } catch (error) {
    const written = repl?.written?.() ?? "";
    if (written !== "") tell(written);
    await say(failure(error)).catch(() => {});
  } finally {
    await repl?.dispose();
    await channel.close();
  }
}

/**
 * How a sandbox reads a context over the wire while it stands still: `exchange` sends a frame and blocks
 * until the next one has come.
 */
export function readThrough(
  exchange: (frame: string) => string,
): (key: string, start: number, end: number) => string {
  let reads = 0;
  return (key, start, end) => {
    reads += 1;
    const frame = decodeRequest(exchange(encodeFrame({ type: "read", read: reads, key, start, end })));
    if (frame.type !== "range" || frame.read !== reads || frame.text === null) {
      throw new RLMError("runtime_failed", `The context ${JSON.stringify(key)} could not be read.`);
    }
    return frame.text;
  };
}

function failure(error: unknown): ReplyFrame {
  const message = error instanceof Error ? error.message : String(error);
  const limit = RLMError.is(error) ? readLimit(error.details.limit) : null;
  return limit === null ? { type: "failed", message } : { type: "failed", message, limit };
}
