import type { ContextPayload, ReplSpec } from "@rlmflow/core/driver";
import { expect, test } from "vitest";
import type { ReplyFrame } from "../src/driver.ts";
import { type Channel, lineChannel } from "../src/index.ts";
import { block, HELLO, opening, runtimeOver, type Sandbox, spec, TURN } from "./played-sandbox.ts";

const PIECE = 65_536;

/** A context of 8 million characters that counts what was read of it. */
function largeContext() {
  const seen = { reads: 0 };
  const payload: ContextPayload = {
    key: "large",
    characters: 8_000_000,
    digest: "l",
    read: (start, end) => {
      seen.reads += 1;
      return "x".repeat(end - start);
    },
  };
  return { seen, spec: { ...spec, contexts: [payload] } satisfies ReplSpec };
}

const read = (start: number, end: number): ReplyFrame => ({
  type: "read",
  read: 1,
  key: "large",
  start,
  end,
});

/** A sandbox behind streams of bytes that forges reads as soon as a block begins, and takes what it is sent as `takes` does. */
function forgingReads(reads: number, takes: () => Promise<void>) {
  const frames = Promise.withResolvers<string>();
  const written = { begun: 0, ended: 0, most: 0 };
  const ended = Promise.withResolvers<void>();
  async function* input(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${JSON.stringify(HELLO)}\n{"type":"opened"}\n`);
    yield Buffer.from(await frames.promise);
    await ended.promise;
  }
  const channel: Channel = lineChannel({
    input: input(),
    async write(bytes) {
      const text = Buffer.from(bytes).toString();
      if (text.includes('"start"')) frames.resolve(`${JSON.stringify(read(0, PIECE))}\n`.repeat(reads));
      if (!text.includes('"range"')) return;
      written.begun += bytes.length;
      written.most = Math.max(written.most, written.begun - written.ended);
      await Promise.race([takes(), ended.promise]);
      written.ended += bytes.length;
    },
    close: async () => ended.resolve(),
  });
  return { channel, written };
}

test("who forges reads and takes no answer ends at the wall, with one answer on its way", async () => {
  const { seen, spec: given } = largeContext();
  const { channel, written } = forgingReads(100_000, () => new Promise(() => {}));
  const session = await runtimeOver(channel).open(given);
  expect((await session.start(block)).state).toMatchObject({ blame: "block", limit: { name: "wallMs" } });
  expect(written.most).toBeLessThan(2 * PIECE);
  await session.dispose();
  expect(seen.reads).toBe(1);
});

test("who forges reads and takes the answers slowly has one at a time", async () => {
  const { seen, spec: given } = largeContext();
  const slowly = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  const { channel, written } = forgingReads(100_000, slowly);
  const session = await runtimeOver(channel).open(given);
  expect((await session.start(block)).state).toMatchObject({ blame: "block", limit: { name: "wallMs" } });
  expect(written.most).toBeLessThan(2 * PIECE);
  await session.dispose();
  expect(seen.reads).toBeGreaterThan(1);
  expect(seen.reads).toBeLessThan(20);
});

test("who forges reads and takes the answers at once keeps no timer from its time", async () => {
  const { seen, spec: given } = largeContext();
  const { channel, written } = forgingReads(100_000, async () => {});
  const session = await runtimeOver(channel).open(given);
  expect((await session.start(block)).state).toMatchObject({ blame: "block", limit: { name: "wallMs" } });
  expect(written.most).toBeLessThan(2 * PIECE);
  const { reads } = seen;
  await session.dispose();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen.reads).toBeLessThan(reads + 2);
});

test.each<readonly [string, (entry: number, far: Sandbox) => void, string]>([
  [
    "a range longer than a piece",
    (_, far) => far.say(read(5, 6 + PIECE)),
    "read more than 65536 characters at once",
  ],
  ["a second hello", (_, far) => far.say(HELLO), "said hello twice"],
  ["a second REPL", (_, far) => far.say({ type: "opened" }), "opened its REPL twice"],
  [
    "an activation of an entry that was never made",
    (entry, far) => far.say({ type: "activation", entry: entry + 1, activation: TURN }),
    "answered entry 2, which was never made",
  ],
])("%s loses the block at once, without advice that is not for a model", async (_name, play, message) => {
  const session = await runtimeOver(opening(play), { times: { wallMs: 20_000 } }).open(largeContext().spec);
  expect((await session.start(block)).state).toEqual({
    kind: "lost",
    blame: "block",
    message: `The sandbox is gone: The sandbox ${message}.`,
  });
  await session.dispose();
});

test("replies to entries that are over are dropped, but not for ever", async () => {
  const old: ReplyFrame = { type: "activation", entry: 1, activation: TURN };
  const sandbox = opening((entry, far) => {
    far.say({ type: "activation", entry, activation: TURN }, ...Array.from({ length: 600 }, () => old));
  });
  const session = await runtimeOver(sandbox, { times: { wallMs: 20_000 } }).open(spec);
  expect((await session.start(block)).output).toBe("out");
  expect((await session.start(block)).output).toBe("out");
  await expect.poll(() => sandbox.closed).toBeGreaterThan(0);
  const { state } = await session.start(block);
  expect(state).toMatchObject({ kind: "lost", blame: "none" });
  expect(state.kind === "lost" ? state.message : "").toContain("answers entries that are over");
});

test("a block that makes more calls than it may is lost for that limit, over all its activations", async () => {
  const activation = (first: number) => {
    const calls = [first, first + 1].map((index) => ({ index, name: "tool", args: [] }));
    return JSON.stringify({ calls, output: "", codeMs: 1, state: { kind: "idle" } });
  };
  let made = 0;
  const sandbox = opening((entry, far) => {
    far.say({ type: "activation", entry, activation: activation(made) });
    made += 2;
  });
  const session = await runtimeOver(sandbox, { limits: { callsPerBlock: 5 } }).open(spec);
  const answer = (index: number) => session.deliver({ index, outcome: { ok: true, value: null }, now: 6 });
  expect((await session.start(block)).calls).toHaveLength(2);
  expect((await answer(0)).calls).toHaveLength(2);
  expect((await answer(1)).state).toEqual({
    kind: "lost",
    blame: "block",
    message: "The sandbox is gone: The sandbox sent more than 5 calls in one block.",
    limit: { name: "callsPerBlock", value: 5, unit: "calls" },
  });
  expect((await answer(2)).state).toMatchObject({ kind: "lost", limit: { name: "callsPerBlock" } });
  await expect.poll(() => sandbox.closed).toBeGreaterThan(0);
});

test("calls that were answered are not outstanding, and each block counts anew", async () => {
  let made = 0;
  const sandbox = opening((entry, far) => {
    const calls = [{ index: made, name: "tool", args: [] }];
    made += 1;
    far.say({ type: "activation", entry, activation: JSON.stringify({ ...JSON.parse(TURN), calls }) });
  });
  const limits = { callsPerBlock: 3, outstandingCalls: 1, outputKept: 2 };
  const session = await runtimeOver(sandbox, { limits }).open(spec);
  for (let times = 0; times < 3; times += 1) {
    made = 0;
    expect((await session.start(block)).calls).toHaveLength(1);
    for (const index of [0, 1]) {
      const { calls } = await session.deliver({ index, outcome: { ok: true, value: null }, now: 6 });
      expect(calls).toEqual([{ index: index + 1, name: "tool", args: [] }]);
    }
  }
});
