import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ReplSpec } from "@rlmflow/core";
import { expect, test } from "vitest";
import {
  type Channel,
  type ChannelRuntimeOptions,
  channelRuntime,
  decodeRequest,
  encodeFrame,
  type ReplyFrame,
  type RequestFrame,
} from "../src/index.ts";

const TURN = JSON.stringify({ calls: [], output: "out", codeMs: 1, state: { kind: "idle" } });

/** The far end of a channel, played by the test: every request goes to `play`, which may answer at any time. */
class Sandbox implements Channel {
  readonly requests: RequestFrame[] = [];
  readonly #play: (frame: RequestFrame, sandbox: Sandbox) => void;
  readonly #replies: string[] = [];
  #wake: () => void = () => {};
  #end: "open" | "ended" | "failed" = "open";
  closed = 0;

  constructor(play: (frame: RequestFrame, sandbox: Sandbox) => void) {
    this.#play = play;
  }

  say(...frames: readonly (ReplyFrame | string)[]): void {
    for (const frame of frames) this.#replies.push(typeof frame === "string" ? frame : encodeFrame(frame));
    this.#wake();
  }

  die(end: "ended" | "failed" = "ended"): void {
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
      else if (this.#end === "failed") throw new Error("connection reset");
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

const HELLO: ReplyFrame = { type: "hello", protocol: 1, engine: "v8" };

/** Opens as it should and leaves each entry to `onEntry`. */
function opening(onEntry: (entry: number, sandbox: Sandbox) => void): Sandbox {
  return new Sandbox((frame, sandbox) => {
    if (frame.type === "open") sandbox.say(HELLO, { type: "opened" });
    if (frame.type === "start" || frame.type === "deliver") onEntry(frame.entry, sandbox);
  });
}

function runtimeOver(sandbox: Sandbox, options: Partial<ChannelRuntimeOptions> = {}) {
  return channelRuntime({
    name: "test",
    isolation: "process",
    replay: "exact",
    connect: async () => sandbox,
    times: { openMs: 300, wallMs: 300 },
    ...options,
  });
}

const reads: string[] = [];
const spec: ReplSpec = {
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
      read: (start, end) => {
        reads.push(`${start}-${end}`);
        return "0123456789".slice(start, end);
      },
    },
  ],
  globals: { a: 1 },
  functions: ["tool"],
  alone: false,
};
const block = { id: "root#1", code: "1 + 1", now: 5 };

test("opens with the evaluator's spec, contexts without their text", async () => {
  const sandbox = opening(() => {});
  await runtimeOver(sandbox, { limits: { outputKept: 7 } }).open(spec);
  const [frame] = sandbox.requests;
  expect(frame?.type === "open" ? JSON.parse(frame.spec) : null).toEqual({
    agentId: "root",
    depth: 0,
    maxDepth: 1,
    seed: "s",
    contexts: [{ key: "doc", characters: 10 }],
    globals: { a: 1 },
    functions: ["tool"],
    limits: { outputKept: 7 },
  });
});

test("starts compiled blocks and gives the turn; a block that does not parse never reaches the sandbox", async () => {
  const sandbox = opening((entry, far) => far.say({ type: "turn", entry, turn: TURN }));
  const session = await runtimeOver(sandbox).open(spec);
  expect((await session.start({ ...block, code: "const = 1" })).state).toMatchObject({
    kind: "threw",
    syntax: true,
  });
  expect(sandbox.requests).toHaveLength(1);
  expect(await session.start(block)).toEqual(JSON.parse(TURN));
  const sent = sandbox.requests[1];
  expect(sent?.type === "start" ? JSON.parse(sent.block) : null).toMatchObject({
    id: "root#1",
    code: "1 + 1",
    now: 5,
    lineOffset: 1,
  });
});

test("late turns are dropped", async () => {
  const sandbox = opening((entry, far) =>
    far.say({ type: "turn", entry: entry - 1, turn: "{forged" }, { type: "turn", entry, turn: TURN }),
  );
  const session = await runtimeOver(sandbox).open(spec);
  expect((await session.start(block)).output).toBe("out");
  expect((await session.start(block)).output).toBe("out");
});

test("ranges of its own contexts are answered while code runs", async () => {
  const sandbox = new Sandbox((frame, far) => {
    if (frame.type === "open") far.say(HELLO, { type: "opened" });
    if (frame.type === "start") far.say({ type: "read", read: 1, key: "doc", start: 2, end: 5 });
    if (frame.type === "range") far.say({ type: "turn", entry: 1, turn: TURN });
  });
  const session = await runtimeOver(sandbox).open(spec);
  await session.start(block);
  expect(sandbox.requests.at(-1)).toEqual({ type: "range", read: 1, text: "234" });
});

test.each<readonly [string, (entry: number, far: Sandbox) => void]>([
  ["a read beyond a context", (_, far) => far.say({ type: "read", read: 1, key: "doc", start: 0, end: 11 })],
  [
    "a read of another's context",
    (_, far) => far.say({ type: "read", read: 1, key: "secret", start: 0, end: 1 }),
  ],
  ["a frame that is not JSON", (_, far) => far.say("}{")],
  ["a turn that is none", (entry, far) => far.say({ type: "turn", entry, turn: "{}" })],
])("%s is a violation of the protocol: the channel is closed, the block lost", async (_name, play) => {
  const sandbox = opening(play);
  const session = await runtimeOver(sandbox).open(spec);
  const { state } = await session.start(block);
  expect(state).toMatchObject({ kind: "lost", blame: "block" });
  expect(state.kind === "lost" ? state.message : "").toMatch(
    /^The sandbox is gone: The sandbox (sent|read) /,
  );
  expect((await session.start(block)).state).toMatchObject({ kind: "lost", blame: "block" });
  await expect.poll(() => sandbox.closed).toBeGreaterThan(0);
});

test.each<readonly [string, (entry: number, far: Sandbox) => void, object]>([
  [
    "that ends",
    (_, far) => far.die(),
    { blame: "block", message: "The sandbox is gone: The sandbox ended." },
  ],
  [
    "that breaks",
    (_, far) => far.die("failed"),
    { blame: "block", message: "The sandbox is gone: connection reset" },
  ],
  [
    "that says so",
    (_, far) =>
      far.say({
        type: "failed",
        message: "out of memory",
        limit: { name: "memoryMB", value: 128, unit: "MB" },
      }),
    { blame: "block", limit: { name: "memoryMB", value: 128, unit: "MB" } },
  ],
  ["that does not answer", () => {}, { blame: "block", limit: { name: "wallMs", value: 300, unit: "ms" } }],
])("a sandbox %s is lost by the block that ran", async (_name, play, state) => {
  const sandbox = opening(play);
  const session = await runtimeOver(sandbox).open(spec);
  expect((await session.start(block)).state).toMatchObject({ kind: "lost", ...state });
  expect((await session.start(block)).state).toMatchObject({ kind: "lost", ...state });
});

test("a sandbox that ends while nothing runs is nobody's fault", async () => {
  const sandbox = opening(() => {});
  const session = await runtimeOver(sandbox).open(spec);
  sandbox.die();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await session.start(block)).state).toMatchObject({ kind: "lost", blame: "none" });
});

test.each<readonly [string, Sandbox, string]>([
  [
    "speaks another protocol",
    new Sandbox((_, far) => far.say({ ...HELLO, protocol: 2 })),
    "speaks protocol 2 instead of 1",
  ],
  ["does not say hello", new Sandbox((_, far) => far.say({ type: "opened" })), "did not say hello"],
  ["ends at once", new Sandbox((_, far) => far.die()), "The sandbox ended."],
  [
    "cannot make a REPL",
    new Sandbox((_, far) => far.say(HELLO, { type: "failed", message: "no evaluator" })),
    "no evaluator",
  ],
  ["says nothing", new Sandbox(() => {}), "it did not answer within 300 ms"],
])("a sandbox that %s cannot be opened", async (_name, sandbox, message) => {
  await expect(runtimeOver(sandbox).open(spec)).rejects.toMatchObject({
    code: "runtime_failed",
    message: expect.stringContaining(message),
  });
  expect(sandbox.closed).toBeGreaterThan(0);
});

test("a channel that cannot be had is runtime_failed, in bounded time", async () => {
  const refused = runtimeOver(
    opening(() => {}),
    {
      connect: async () => {
        throw new Error("no such host");
      },
    },
  );
  await expect(refused.open(spec)).rejects.toMatchObject({
    code: "runtime_failed",
    message: 'The runtime "test" could not start a sandbox: no such host',
  });
  const never = runtimeOver(
    opening(() => {}),
    { connect: () => new Promise(() => {}) },
  );
  await expect(never.open(spec)).rejects.toMatchObject({ code: "runtime_failed" });
});

test("closing ends what is open and what is being opened", async () => {
  const sandbox = opening(() => {});
  const runtime = runtimeOver(sandbox);
  const session = await runtime.open(spec);
  const running = session.start(block);
  await runtime.close();
  expect((await running).state).toMatchObject({ kind: "lost", blame: "none" });
  expect(sandbox.requests.at(-1)).toEqual({ type: "dispose" });
  expect(sandbox.closed).toBeGreaterThan(0);
  await expect(runtime.open(spec)).rejects.toMatchObject({ code: "closed" });

  const late = opening(() => {});
  let give: (channel: Channel) => void = () => {};
  const slow = runtimeOver(late, {
    connect: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
  });
  const opened = slow.open(spec);
  await Promise.all([expect(opened).rejects.toMatchObject({ code: "closed" }), slow.close()]);
  give(late);
  await expect.poll(() => late.closed).toBe(1);
});

test("once it is there, nothing that waited for the channel keeps it", async () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const signals: AbortSignal[] = [];
  const openAndDispose = async () => {
    const sandbox = opening(() => {});
    const options = {
      times: { openMs: 60_000 },
      connect: async (_: ReplSpec, signal: AbortSignal) => {
        signals.push(signal);
        return sandbox;
      },
    };
    await (await runtimeOver(sandbox, options).open(spec)).dispose();
    return new WeakRef(sandbox);
  };
  const forgotten = await openAndDispose();
  for (let tries = 0; tries < 50 && forgotten.deref() !== undefined; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  expect(forgotten.deref()).toBeUndefined();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
});

test("disposes a REPL whose sandbox takes no more frames", { timeout: 10_000 }, async () => {
  const sandbox = opening(() => {});
  const send = sandbox.send.bind(sandbox);
  sandbox.send = (text) => (text.includes("dispose") ? new Promise(() => {}) : send(text));
  const session = await runtimeOver(sandbox).open(spec);
  const running = session.start(block);
  await session.dispose();
  expect((await running).state).toMatchObject({ kind: "lost", blame: "none" });
  expect(sandbox.closed).toBe(1);
});
