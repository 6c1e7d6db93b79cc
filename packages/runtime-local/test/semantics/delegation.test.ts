import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { payload, ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const open = () => ReplDriver.open(runtime, { contexts: [payload("doc", "0123456789")] });
const ref = (index: number, block = "root#1") => ({ block, index });

describe("delegate", () => {
  test("gives a handle at once and asks for nothing else", async () => {
    const repl = await open();
    const activation = await repl.start(
      "const h = delegate('scan', 'count'); print(h, String(h), typeof h.then, h instanceof Promise); h",
    );
    expect(activation.calls).toEqual([{ index: 0, name: "delegate", args: ["scan", "count", {}] }]);
    expect(activation.output).toBe("Handle(scan) Handle(scan) function false\n");
    expect(activation.state).toMatchObject({ kind: "ended", echo: "Handle(scan)", unawaited: [] });
    const last = await repl.answer(0, "root.scan");
    expect(last.calls).toEqual([]);
  });

  /** Options, and how they cross. */
  const OPTIONS: readonly (readonly [string, unknown])[] = [
    [
      "{ model: 'fast', maxIterations: 3, output: { type: 'string' }, globals: { a: [1] } }",
      { model: "fast", maxIterations: 3, output: { type: "string" }, globals: { a: [1] } },
    ],
    ["{ context: 'text' }", { contexts: [{ kind: "text", key: "context", text: "text" }] }],
    ["{ context: [1, { a: 2 }] }", { contexts: [{ kind: "text", key: "context", text: '[1,{"a":2}]' }] }],
    ["{ context: 5 }", { contexts: [{ kind: "text", key: "context", text: "5" }] }],
    [
      "{ context: CONTEXT.slice(2, 5) }",
      { contexts: [{ kind: "slice", key: "context", slice: { key: "doc", start: 2, end: 5 } }] },
    ],
    [
      "{ context: CONTEXT }",
      { contexts: [{ kind: "slice", key: "context", slice: { key: "doc", start: 0, end: 10 } }] },
    ],
    [
      "{ context: CONTEXT.get('doc') }",
      { contexts: [{ kind: "slice", key: "context", slice: { key: "doc", start: 0, end: 10 } }] },
    ],
    [
      "{ context: { notes: 'n', part: CONTEXT.slice(-3), data: { x: 1 } } }",
      {
        contexts: [
          { kind: "text", key: "notes", text: "n" },
          { kind: "slice", key: "part", slice: { key: "doc", start: 7, end: 10 } },
          { kind: "text", key: "data", text: '{"x":1}' },
        ],
      },
    ],
    ["{ context: {} }", { contexts: [] }],
    ["{ model: undefined }", {}],
  ];

  test.each(OPTIONS)("passes the options %s", async (options, crossed) => {
    const repl = await open();
    const activation = await repl.start(`delegate('a', 'q', ${options})`);
    expect(activation.calls[0]?.args).toEqual(["a", "q", crossed]);
  });

  test.each([
    ["delegate()", "the name is a string, or a child's handle"],
    ["delegate('a')", "delegate(name, query, options): the query is a string"],
    ["delegate('a', 'q', 'context')", "the options of delegate are an object, such as { context: text }"],
    ["delegate('a', 'q', { context: new Map() })", "the context context of delegate is a Map"],
    ["delegate('a', 'q', { output: () => 1 })", "the option output of delegate is a function"],
    ["delegate({ then() {} }, 'q')", "the name is a string, or a child's handle"],
  ])("%s is refused", async (code, message) => {
    const repl = await open();
    const activation = await repl.start(`await ${code}`);
    expect(activation.calls).toEqual([]);
    expect(activation.state).toMatchObject({ kind: "threw", text: expect.stringContaining(message) });
  });

  test("that is refused gives a handle that can be kept, waited for and not be given another task", async () => {
    const repl = await open();
    expect(await repl.print("globalThis.h = delegate('a', 5); 0")).toContain("the query is a string");
    expect(await repl.print("try { await h } catch (e) { print(e.message) }")).toBe(
      "delegate(name, query, options): the query is a string\n",
    );
    expect(await repl.print("try { await wait(h) } catch (e) { print(e.name) }")).toBe("TypeError\n");
    const activation = await repl.start("await delegate(h, 'again')");
    expect(activation.calls).toEqual([]);
    expect(activation.state).toMatchObject({ error: { message: "the child a was never started" } });
  });

  test("with a handle gives that child another task", async () => {
    const repl = await open();
    await repl.start("const h = delegate('a', 'first');");
    await repl.answer(0, "root.a");
    const activation = await repl.start("const again = delegate(h, 'second'); again");
    expect(activation.calls[0]?.args).toEqual([ref(0), "second", {}]);
  });
});

describe("awaiting a handle", () => {
  test("sends one wait once the child exists, and gives its result", async () => {
    const repl = await open();
    const first = await repl.start("const value = await delegate('a', 'q'); value.x");
    expect(first.calls.map((call) => call.name)).toEqual(["delegate"]);
    const second = await repl.answer(0, "root.a");
    expect(second.calls).toEqual([{ index: 1, name: "wait", args: [ref(0)] }]);
    const last = await repl.answer(1, [{ ok: true, value: { x: 7 } }]);
    expect(last.state).toMatchObject({ kind: "ended", echo: "7" });
  });

  test("twice gives the same answer without asking again, also in a later block", async () => {
    const repl = await open();
    await repl.start("const h = delegate('a', 'q'); const [x, y] = await Promise.all([h, h]); x === y");
    expect((await repl.answer(0, "root.a")).calls).toHaveLength(1);
    expect((await repl.answer(1, [{ ok: true, value: { n: 1 } }])).state).toMatchObject({ echo: "true" });
    const later = await repl.start("[await h, (await wait(h))[0]]");
    expect(later.calls).toEqual([]);
    expect(later.state).toMatchObject({ kind: "ended", echo: "[{ n: 1 }, { n: 1 }]" });
  });

  test("in a later block refers to the block that delegated", async () => {
    const repl = await open();
    await repl.start("const h = delegate('a', 'q');");
    await repl.answer(0, "root.a");
    const activation = await repl.start("await h");
    expect(activation.calls).toEqual([{ index: 0, name: "wait", args: [ref(0, "root#1")] }]);
  });

  test("after a wait that was given up asks again", async () => {
    const repl = await open();
    await repl.start("const h = delegate('a', 'q'); h.then((v) => print('late', v)); 0");
    expect((await repl.answer(0, "root.a")).calls).toHaveLength(1);
    const activation = await repl.start("await h");
    expect(activation.calls).toEqual([{ index: 0, name: "wait", args: [ref(0, "root#1")] }]);
    const last = await repl.answer(0, [{ ok: true, value: 3 }]);
    expect(last.output).toBe("");
    expect(last.state).toMatchObject({ kind: "ended", echo: "3" });
  });

  test("of a failed child rejects with the child's error, its agent and the line", async () => {
    const repl = await open();
    await repl.start(
      "const h = delegate('a', 'q');\ntry {\n  await h;\n} catch (e) { print(e.name, e.message, e.agent) }\nawait h",
    );
    await repl.answer(0, "root.a");
    const activation = await repl.answer(1, [
      { ok: false, error: { name: "LimitReached", message: "out of tokens" } },
    ]);
    expect(activation.output).toBe("LimitReached out of tokens root.a\n");
    expect(activation.state).toMatchObject({ kind: "threw", error: { name: "LimitReached" } });
  });

  test("of a refused child rejects with the refusal and asks for nothing", async () => {
    const repl = await open();
    await repl.start("await delegate('a', 'q')");
    const activation = await repl.refuse(0, "Refused", "the tree is too deep");
    expect(activation.calls).toEqual([]);
    expect(activation.state).toMatchObject({
      kind: "threw",
      error: { name: "Refused", message: "the tree is too deep" },
    });
    expect(activation.state).toMatchObject({
      text: expect.stringContaining("at line 1:\n    await delegate('a', 'q')"),
    });
  });
});

describe("wait", () => {
  test("is one call for all, results in order", async () => {
    const repl = await open();
    await repl.start(
      "const hs = ['a', 'b', 'c'].map((n) => delegate(n, 'q')); const all = await wait(...hs); all",
    );
    await repl.answer(0, "root.a");
    await repl.answer(1, "root.b");
    const third = await repl.answer(2, "root.c");
    expect(third.calls).toEqual([{ index: 3, name: "wait", args: [ref(0), ref(1), ref(2)] }]);
    const last = await repl.answer(3, [
      { ok: true, value: 1 },
      { ok: true, value: 2 },
      { ok: true, value: 3 },
    ]);
    expect(last.state).toMatchObject({ kind: "ended", echo: "[1, 2, 3]" });
  });

  test("takes a list too, asks for each child once, and for none that is known", async () => {
    const repl = await open();
    await repl.start(
      "const a = delegate('a', 'q'), b = delegate('b', 'q'); await a; const all = await wait([a, b, b]); all",
    );
    await repl.answer(0, "root.a");
    await repl.answer(1, "root.b");
    const activation = await repl.answer(2, [{ ok: true, value: 1 }]);
    expect(activation.calls).toEqual([{ index: 3, name: "wait", args: [ref(1)] }]);
    expect((await repl.answer(3, [{ ok: true, value: 2 }])).state).toMatchObject({ echo: "[1, 2, 2]" });
  });

  test("rejects with the first that failed; the others are still known", async () => {
    const repl = await open();
    await repl.start(
      "const a = delegate('a', 'q'), b = delegate('b', 'q'); let seen; try { await wait(a, b) } catch (e) { seen = e.agent + ' ' + e.message } print(seen, await b)",
    );
    await repl.answer(0, "root.a");
    await repl.answer(1, "root.b");
    const last = await repl.answer(2, [
      { ok: false, error: { name: "E", message: "no" } },
      { ok: true, value: "B" },
    ]);
    expect(last.calls).toEqual([]);
    expect(last.output).toBe(
      "root.a no (1 of 2 answered; await Promise.allSettled(handles) gives what each came to) B\n",
    );
  });

  test("works under allSettled, all and race over handles", async () => {
    const repl = await open();
    const first = await repl.start(
      "const hs = ['a', 'b'].map((n) => delegate(n, 'q')); const settled = await Promise.allSettled(hs); print(settled.map((s) => s.status), settled[1].reason.agent); await Promise.race(hs)",
    );
    expect(first.calls).toHaveLength(2);
    expect((await repl.answer(0, "root.a")).calls).toEqual([{ index: 2, name: "wait", args: [ref(0)] }]);
    expect((await repl.answer(1, "root.b")).calls).toEqual([{ index: 3, name: "wait", args: [ref(1)] }]);
    await repl.answer(3, [{ ok: false, error: { name: "E", message: "no" } }]);
    const last = await repl.answer(2, [{ ok: true, value: "A" }]);
    expect(last.output).toBe('["fulfilled", "rejected"] root.b\n');
    expect(last.state).toMatchObject({ kind: "ended", echo: '"A"' });
  });

  test.each([
    "wait(5)",
    "wait(readFile('a'))",
    "wait({ then() {} })",
    "wait(Object.create(Object.getPrototypeOf(delegate('a', 'q'))))",
    "wait('root.a')",
  ])("%s is refused: handles cannot be made by hand", async (code) => {
    const repl = await open();
    const activation = await repl.start(code);
    expect(activation.calls.filter((call) => call.name === "wait")).toEqual([]);
    expect(activation.state).toMatchObject({
      kind: "threw",
      error: { message: "wait takes handles, as delegate gives them" },
    });
  });

  test("a stolen then refuses what is no handle", async () => {
    const repl = await open();
    const activation = await repl.start(
      "const h = delegate('a', 'q'); const { then } = h; const fake = { then }; try { await fake } catch (e) { print(e.message) } Object.isFrozen(h) && Object.isFrozen(Object.getPrototypeOf(h))",
    );
    expect(activation.output).toBe("this is not a handle that delegate gave\n");
    expect(activation.state).toMatchObject({ echo: "true" });
  });

  test("of nothing is an empty list", async () => {
    const repl = await open();
    expect(await repl.print("await wait()")).toBe("[]");
  });
});

describe("a context for a child", () => {
  const small = localRuntime({ limits: { argumentSize: 1_000 } });
  afterAll(() => small.close());

  test.each([
    ["'z'.repeat(1001)", "the context context of delegate is larger than 1000 characters"],
    ["{ notes: 'z'.repeat(1001) }", "the context notes of delegate is larger than 1000 characters"],
    ["{ a: 'z'.repeat(900), b: 'z'.repeat(900) }", "the options of delegate are larger than 1000 characters"],
  ])("%s that is too large is told the limit, and what can be done", async (context, what) => {
    const repl = await ReplDriver.open(small);
    const activation = await repl.start(`await delegate('a', 'q', { context: ${context} })`);
    const message = `${what}; hand over smaller parts, or CONTEXT.slice(start, end) where it is part of CONTEXT`;
    expect(activation.calls).toEqual([]);
    expect(activation.state).toMatchObject({ kind: "threw", error: { message } });
  });
});
