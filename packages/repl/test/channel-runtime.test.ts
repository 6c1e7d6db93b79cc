import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RLMError } from "@rlmflow/core";
import type { ReplSpec } from "@rlmflow/core/driver";
import { expect, test } from "vitest";
import type { Channel } from "../src/index.ts";
import { block, HELLO, opening, runtimeOver, Sandbox, spec, TURN } from "./played-sandbox.ts";

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

test("starts compiled blocks and gives the activation; a block that does not parse never reaches the sandbox", async () => {
  const sandbox = opening((entry, far) => far.say({ type: "activation", entry, activation: TURN }));
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

test("what an entry wrote is in its activation when the sandbox is lost, the newest word of it", async () => {
  const sandbox = opening((entry, far) => {
    far.say({ type: "output", entry, text: "one" }, { type: "output", entry, text: "one two" });
    far.die();
  });
  const session = await runtimeOver(sandbox).open(spec);
  expect(await session.start(block)).toMatchObject({ output: "one two", state: { kind: "lost" } });
  expect((await session.start(block)).output).toBe("");
});

test("what an entry is said to have written is bounded, and none of an entry's that has its activation", async () => {
  const text = "x".repeat(1_000_000);
  const sandbox = opening((entry, far) => {
    if (entry === 2) far.say({ type: "output", entry: 1, text: "late" });
    else far.say({ type: "output", entry, text });
    if (entry === 1) far.say({ type: "activation", entry, activation: TURN });
    else far.die();
  });
  const session = await runtimeOver(sandbox).open(spec);
  expect((await session.start(block)).output).toBe("out");
  expect((await session.start(block)).output).toBe("");
  const flooding = opening((entry, far) => {
    far.say({ type: "output", entry, text });
    far.die();
  });
  const flooded = await runtimeOver(flooding).open(spec);
  expect((await flooded.start(block)).output.length).toBeLessThan(110_000);
});

test("late activations are dropped", async () => {
  const sandbox = opening((entry, far) => {
    if (entry > 1) far.say({ type: "activation", entry: entry - 1, activation: "{forged" });
    far.say({ type: "activation", entry, activation: TURN });
  });
  const session = await runtimeOver(sandbox).open(spec);
  expect((await session.start(block)).output).toBe("out");
  expect((await session.start(block)).output).toBe("out");
});

test("ranges of its own contexts are answered while code runs", async () => {
  const sandbox = new Sandbox((frame, far) => {
    if (frame.type === "open") far.say(HELLO, { type: "opened" });
    if (frame.type === "start") far.say({ type: "read", read: 1, key: "doc", start: 2, end: 5 });
    if (frame.type === "range") far.say({ type: "activation", entry: 1, activation: TURN });
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
  ["an activation that is none", (entry, far) => far.say({ type: "activation", entry, activation: "{}" })],
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
    (_, far) => far.die(new Error("connection reset")),
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

test("the sandbox is told of an entry that is on record, and has five times as long", async () => {
  const sandbox = opening((entry, far) => far.say({ type: "activation", entry, activation: TURN }));
  const session = await runtimeOver(sandbox).open(spec);
  await session.start({ ...block, replayed: false });
  await session.start({ ...block, replayed: true });
  const starts = sandbox.requests.filter(({ type }) => type === "start");
  expect(starts).toMatchObject([{ entry: 1 }, { entry: 2, patience: 5 }]);
  expect(starts[0]).not.toHaveProperty("patience");
  const silent = await runtimeOver(opening(() => {})).open(spec);
  const { state } = await silent.start({ ...block, replayed: true });
  expect(state).toMatchObject({ limit: { name: "wallMs", value: 1500, unit: "ms" } });
});

test("the longest time there is stays one for an entry that is on record", async () => {
  const sandbox = opening((entry, far) => {
    setTimeout(() => far.say({ type: "activation", entry, activation: TURN }), 50);
  });
  const runtime = runtimeOver(sandbox, { times: { openMs: 300, wallMs: 2 ** 31 - 1 } });
  const session = await runtime.open(spec);
  expect((await session.start({ ...block, replayed: true })).state.kind).toBe("idle");
  await runtime.close();
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
  [
    "serves another language",
    new Sandbox((_, far) => far.say({ ...HELLO, language: "python" }, { type: "opened" })),
    `No REPL could be opened: the program in the sandbox serves "python", and the runtime's language is "javascript". Start the program of that language`,
  ],
  [
    "sends no frames",
    new Sandbox((_, far) => far.say("Welcome!")),
    'sent a frame that is not JSON; it begins with "Welcome!". Do both sides run the same version of rlmflow?',
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

test("one that says which language it serves is opened, and so is an older one that does not", async () => {
  for (const hello of [HELLO, { ...HELLO, language: "javascript" }]) {
    const sandbox = new Sandbox((frame, far) => {
      if (frame.type === "open") far.say(hello, { type: "opened" });
    });
    await (await runtimeOver(sandbox).open(spec)).dispose();
  }
});

/** Connects to each of these in turn, a function being what a connection fails with. */
function inTurn(...ends: readonly (Sandbox | (() => Error))[]) {
  const specs: ReplSpec[] = [];
  const connect = async (given: ReplSpec): Promise<Channel> => {
    const end = ends[specs.length];
    specs.push(given);
    if (end instanceof Sandbox) return end;
    throw end?.() ?? new RangeError("connected too often");
  };
  return { connect, specs };
}

const endedByOthers = () =>
  new RLMError("sandbox_lost", "A neighbour ended it.", { details: { blame: "none" } });

test.each<readonly [string, () => Sandbox | (() => Error)]>([
  ["before it is there", () => endedByOthers],
  ["while it makes the REPL", () => new Sandbox((_, far) => far.die(endedByOthers()))],
])("a sandbox that others end %s is asked for once more, alone", async (_name, broken) => {
  const { connect, specs } = inTurn(
    broken(),
    opening((entry, far) => far.say({ type: "activation", entry, activation: TURN })),
  );
  const session = await runtimeOver(new Sandbox(() => {}), { connect }).open(spec);
  expect(specs.map(({ alone }) => alone)).toEqual([false, true]);
  expect((await session.start(block)).output).toBe("out");
});

test("a sandbox is not asked for again when it was alone, when it broke by itself, or a third time", async () => {
  const runs: readonly (readonly [ReplSpec, () => Error])[] = [
    [{ ...spec, alone: true }, endedByOthers],
    [spec, () => new RLMError("sandbox_lost", "It ended.")],
  ];
  for (const [given, broken] of runs) {
    const { connect, specs } = inTurn(broken, broken);
    await expect(runtimeOver(new Sandbox(() => {}), { connect }).open(given)).rejects.toMatchObject({
      code: "runtime_failed",
    });
    expect(specs).toHaveLength(1);
  }
  const twice = inTurn(endedByOthers, endedByOthers);
  await expect(runtimeOver(new Sandbox(() => {}), { connect: twice.connect }).open(spec)).rejects.toThrow(
    "A neighbour ended it.",
  );
  expect(twice.specs).toHaveLength(2);
});

test("a REPL that is being opened while its runtime is closed says that, and what to do", async () => {
  const asked = Promise.withResolvers<void>();
  const runtime = runtimeOver(new Sandbox(() => asked.resolve()), { times: { openMs: 10_000 } });
  const opened = runtime.open(spec);
  await asked.promise;
  await Promise.all([
    expect(opened).rejects.toMatchObject({
      code: "closed",
      message: 'The runtime "test" was closed; make a new one.',
    }),
    runtime.close(),
  ]);
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

test("disposes a REPL whose sandbox takes no more frames", async () => {
  const sandbox = opening(() => {});
  const send = sandbox.send.bind(sandbox);
  sandbox.send = (text) => (text.includes("dispose") ? new Promise(() => {}) : send(text));
  const session = await runtimeOver(sandbox).open(spec);
  const running = session.start(block);
  await session.dispose();
  expect((await running).state).toMatchObject({ kind: "lost", blame: "none" });
  expect(sandbox.closed).toBe(1);
});
