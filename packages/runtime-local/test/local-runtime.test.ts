import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { localRuntime } from "../src/index.ts";
import { NOW, ReplDriver, specOf } from "./repl-driver.ts";

test("says what it is", async () => {
  await using runtime = closing(localRuntime());
  const { name, isolation, replay, protocol, language } = runtime;
  expect({ name, isolation, replay, protocol }).toEqual({
    name: "local",
    isolation: "none",
    replay: "exact",
    protocol: 1,
  });
  expect(language.name).toBe("javascript");
  expect(readFileSync(new URL("../README.md", import.meta.url), "utf8")).toContain("isolates nothing");
});

test.each([0, -1, Number.NaN])("refuses %d milliseconds", (timeMs) => {
  expect(() => localRuntime({ timeMs })).toThrow(
    `localRuntime was given options it can't take: timeMs must be a whole number of milliseconds from 10 to 3600000, not ${timeMs}.`,
  );
});

test.each(["for (;;);", "for (;;) await null;", "const p = new Proxy({}, { ownKeys() { for (;;); } }); p"])(
  "%s runs out of time and loses the REPL, others live on",
  async (code) => {
    await using runtime = closing(localRuntime({ timeMs: 200 }));
    const [repl, other] = [await ReplDriver.open(runtime), await ReplDriver.open(runtime)];
    const activation = await repl.start(code);
    expect(activation.state).toEqual({
      kind: "lost",
      blame: "block",
      message: "The sandbox is gone: The block computed for more than 200 ms without waiting.",
      limit: { name: "timeMs", value: 200, unit: "ms" },
    });
    expect((await repl.start("1")).state.kind).toBe("lost");
    expect(await other.print("1 + 1")).toBe("2");
  },
);

test("what a block wrote before it ran out of time is in the activation that says so", async () => {
  await using runtime = closing(localRuntime({ timeMs: 200 }));
  const repl = await ReplDriver.open(runtime);
  const first = await repl.start("print('first'); await readFile('a'); print('second'); for (;;);");
  expect(first.output).toBe("first\n");
  expect(await repl.answer(0, null)).toMatchObject({ output: "second\n", state: { kind: "lost" } });
  expect((await repl.start("1")).output).toBe("");
});

test("of a flood that ends in a loop the beginning and the end are kept", async () => {
  await using runtime = closing(localRuntime({ timeMs: 300 }));
  const repl = await ReplDriver.open(runtime);
  const { output } = await repl.start("for (let i = 0; i < 20_000; i++) print('line', i); for (;;);");
  expect(output).toMatch(/^line 0\nline 1\n.*characters were not kept.*line 19999\n$/s);
  expect(output.length).toBeLessThan(40_000);
});

test("the time counts for each entry, not for the block", async () => {
  await using runtime = closing(localRuntime({ timeMs: 300 }));
  const repl = await ReplDriver.open(runtime);
  await repl.start("await readFile('a'); for (;;);");
  expect((await repl.answer(0, null)).state).toMatchObject({ kind: "lost", blame: "block" });
});

test("an entry that is on record may take five times as long, and no other", async () => {
  await using runtime = closing(localRuntime({ timeMs: 100 }));
  const endless = "await readFile('a'); for (;;);";
  const answer = { index: 0, outcome: { ok: true, value: null }, now: NOW } as const;
  for (const replayed of [true, false]) {
    const { session } = await ReplDriver.open(runtime);
    await session.start({ id: "root#1", code: endless, now: NOW, replayed: true });
    const { state } = await session.deliver({ ...answer, replayed });
    expect(state).toMatchObject({ limit: { name: "timeMs", value: replayed ? 500 : 100, unit: "ms" } });
  }
});

test("REPLs do not see each other", async () => {
  await using runtime = closing(localRuntime());
  const [a, b] = [await ReplDriver.open(runtime), await ReplDriver.open(runtime)];
  await a.start("globalThis.mine = 1; Object.prototype.polluted = 1; Array.prototype.map = null;");
  expect(await b.print("[typeof mine, ({}).polluted, typeof [].map]")).toBe(
    '["undefined", undefined, "function"]',
  );
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test("what an ended block left behind can neither call nor write", async () => {
  await using runtime = closing(localRuntime());
  const repl = await ReplDriver.open(runtime);
  const trap =
    "new Proxy({ a: 1 }, { ownKeys(t) { print('late'); Promise.resolve().then(async () => { for (let i = 0; i < 50; i++) await null; print('later'); readFile('forged') }); readFile('forged').catch((e) => { globalThis.why = e.message }); return Reflect.ownKeys(t) } })";
  const first = await repl.start(trap);
  expect(first).toMatchObject({ calls: [], output: "", state: { kind: "ended", echo: "{ a: 1 }" } });
  const second = await repl.start("await null; await null; why");
  expect(second).toMatchObject({
    calls: [],
    output: "",
    state: { kind: "ended", echo: '"this block has ended"' },
  });
});

test("answers to an abandoned block settle nothing in the next", async () => {
  await using runtime = closing(localRuntime());
  const repl = await ReplDriver.open(runtime);
  await repl.start(
    "var seen = []; done(1).then((v) => seen.push(v), () => seen.push('no')); readFile('a').then((v) => seen.push(v)); await new Promise(() => {})",
  );
  const next = await repl.start("const t = await readFile('b'); seen");
  expect(next.calls).toEqual([{ index: 0, name: "readFile", args: ["b"] }]);
  expect((await repl.answer(0, "B")).state).toMatchObject({ kind: "ended", echo: "[]" });
});

test("a session refuses answers nobody waits for, two entries at a time, and entries after dispose", async () => {
  await using runtime = closing(localRuntime());
  const repl = await ReplDriver.open(runtime);
  await repl.start("await readFile('a')");
  await expect(repl.answer(1, null)).rejects.toMatchObject({ code: "protocol_violation" });
  const running = repl.answer(0, null);
  await expect(repl.start("1")).rejects.toMatchObject({ code: "protocol_violation" });
  await running;
  await expect(repl.answer(0, null)).rejects.toMatchObject({ code: "protocol_violation" });
  await repl.session.dispose();
  await repl.session.dispose();
  await expect(repl.start("1")).rejects.toMatchObject({ code: "closed" });
});

test("after close nothing opens, and what was open is gone", async () => {
  const runtime = localRuntime();
  const repl = await ReplDriver.open(runtime);
  await Promise.all([runtime.close(), runtime.close()]);
  await expect(runtime.open(specOf())).rejects.toMatchObject({ code: "closed" });
  expect((await repl.start("1")).state).toMatchObject({ kind: "lost", blame: "none" });
  expect(
    process.listeners("unhandledRejection").filter((listener) => listener.name === "onUnhandled"),
  ).toEqual([]);
});

function closing<T extends { close(): Promise<void> }>(runtime: T): T & AsyncDisposable {
  return Object.assign(runtime, { [Symbol.asyncDispose]: () => runtime.close() });
}
