import type { Runtime } from "@rlmflow/core";
import type { Block, ReplSpec } from "@rlmflow/core/driver";
import { decodeRequest, encodeFrame, type ReplyFrame, type RequestFrame } from "../src/driver.ts";
import { type Channel, type ChannelRuntimeOptions, channelRuntime } from "../src/index.ts";

export const TURN = JSON.stringify({ calls: [], output: "out", codeMs: 1, state: { kind: "idle" } });

/** The far end of a channel, played by the test: every request goes to `play`, which may answer at any time. */
export class Sandbox implements Channel {
  readonly requests: RequestFrame[] = [];
  readonly #play: (frame: RequestFrame, sandbox: Sandbox) => void;
  readonly #replies: string[] = [];
  #wake: () => void = () => {};
  #end: "open" | "ended" | Error = "open";
  closed = 0;

  constructor(play: (frame: RequestFrame, sandbox: Sandbox) => void) {
    this.#play = play;
  }

  say(...frames: readonly (ReplyFrame | string)[]): void {
    for (const frame of frames) this.#replies.push(typeof frame === "string" ? frame : encodeFrame(frame));
    this.#wake();
  }

  die(end: "ended" | Error = "ended"): void {
    this.#end = end;
    this.#wake();
  }

  async send(text: string): Promise<void> {
    const frame = decodeRequest(text);
    this.requests.push(frame);
    this.#play(frame, this);
  }

  async *receive(): AsyncGenerator<string> {
    for (;;) {
      const next = this.#replies.shift();
      if (next !== undefined) yield next;
      else if (this.#end instanceof Error) throw this.#end;
      else if (this.#end === "ended") return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  async close(): Promise<void> {
    this.closed += 1;
    this.die();
  }
}

export const HELLO: ReplyFrame & { readonly type: "hello" } = { type: "hello", protocol: 1, engine: "v8" };

/** Opens as it should and leaves each entry to `onEntry`. */
export function opening(onEntry: (entry: number, sandbox: Sandbox) => void): Sandbox {
  return new Sandbox((frame, sandbox) => {
    if (frame.type === "open") sandbox.say(HELLO, { type: "opened" });
    if (frame.type === "start" || frame.type === "deliver") onEntry(frame.entry, sandbox);
  });
}

export function runtimeOver(sandbox: Channel, options: Partial<ChannelRuntimeOptions> = {}): Runtime {
  return channelRuntime({
    name: "test",
    isolation: "process",
    replay: "exact",
    connect: async () => sandbox,
    times: { openMs: 300, wallMs: 300 },
    ...options,
  });
}

export const spec: ReplSpec = {
  agentId: "root",
  group: "g",
  depth: 0,
  maxDepth: 1,
  seed: "s",
  contexts: [
    {
      key: "doc",
      characters: 10,
      digest: "d",
      read: (start, end) => "0123456789".slice(start, end),
    },
  ],
  globals: { a: 1 },
  functions: ["tool"],
  alone: false,
};
export const block: Block = { id: "root#1", code: "1 + 1", now: 5 };
