import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const open = () => ReplDriver.open(runtime);
/** Small caps: the default of 10,000 calls would be 10,000 entries into a REPL. */
const narrow = localRuntime({ limits: { callsPerBlock: 20, outstandingCalls: 5 } });
afterAll(() => narrow.close());

describe("a call", () => {
  test("is issued with its arguments and resolves with its answer", async () => {
    const repl = await open();
    const first = await repl.start(
      "const text = await readFile('a.txt', { from: 1 }); print(text); text.length",
    );
    expect(first.calls).toEqual([{ index: 0, name: "readFile", args: ["a.txt", { from: 1 }] }]);
    expect(first.state).toEqual({ kind: "idle" });
    const last = await repl.answer(0, "hello");
    expect(last.output).toBe("hello\n");
    expect(last.state).toMatchObject({ kind: "ended", echo: "5", unawaited: [] });
  });

  test("rejects with name, message and cause, and an error points to the line of the call", async () => {
    const repl = await open();
    await repl.start("print('go');\nconst text =\n  await readFile('a.txt');");
    const activation = await repl.deliver(0, {
      ok: false,
      error: { name: "NotFound", message: "no a.txt", cause: { name: "Io", message: "gone" } },
    });
    expect(activation.state).toMatchObject({
      kind: "threw",
      syntax: false,
      error: { name: "NotFound", message: "no a.txt", cause: { name: "Io", message: "gone" } },
      text: "NotFound: no a.txt\n  at line 3:\n      await readFile('a.txt');\n            ^\nCaused by Io: gone\nNot set, because the block threw first: text.",
    });
  });

  test("can be caught, and has no stack of the host", async () => {
    const repl = await open();
    await repl.start(
      "try { await readFile('a') } catch (e) { print(e instanceof Error, e.name, e.message, e.stack) }",
    );
    const activation = await repl.refuse(0, "NotFound", "no a");
    expect(activation.output).toBe("true NotFound no a NotFound: no a\n    at block 1, line 1\n");
  });

  test("answers are delivered in any order, and code goes on after each", async () => {
    const repl = await open();
    const first = await repl.start(
      "const all = await Promise.all(['a', 'b'].map(async (n) => { const t = await readFile(n); await writeFile(n, t + t); return t })); all",
    );
    expect(first.calls.map((call) => call.args[0])).toEqual(["a", "b"]);
    expect((await repl.answer(1, "B")).calls).toEqual([{ index: 2, name: "writeFile", args: ["b", "BB"] }]);
    expect((await repl.answer(0, "A")).calls).toEqual([{ index: 3, name: "writeFile", args: ["a", "AA"] }]);
    expect((await repl.answer(3, null)).state.kind).toBe("idle");
    expect((await repl.answer(2, null)).state).toMatchObject({ kind: "ended", echo: '["A", "B"]' });
  });

  test("leaves trailing undefined arguments out and sends others as null", async () => {
    const repl = await open();
    const activation = await repl.start("readFile(undefined, 'x', undefined, undefined); readFile()");
    expect(activation.calls.map((call) => call.args)).toEqual([[null, "x"], []]);
  });

  test("an answer may be an object with a then that is no function", async () => {
    const repl = await open();
    await repl.start("(await readFile('x')).then");
    expect((await repl.answer(0, { then: 5 })).state).toMatchObject({ kind: "ended", echo: "5" });
  });
});

/** How a call's promise is used or not, and whether it counts as awaited. */
const USES: readonly (readonly [string, boolean])[] = [
  ["readFile('a')", true],
  ["const p = readFile('a');", false],
  ["const p = readFile('a'); print(p); void p; typeof p; [p].length; p instanceof Promise; 0", false],
  ["await readFile('a')", true],
  ["readFile('a').then(() => {}); 0", true],
  ["readFile('a').catch(() => {}); 0", true],
  ["readFile('a').finally(() => {}); 0", true],
  ["Promise.all([readFile('a')]); 0", true],
  ["Promise.race([readFile('a')]); 0", true],
  ["Promise.allSettled([readFile('a')]); 0", true],
  ["Promise.any([readFile('a')]); 0", true],
  ["Promise.resolve(readFile('a')); 0", true],
  ["new Promise((yes) => yes(readFile('a'))); 0", true],
  ["(async () => readFile('a'))(); 0", true],
  ["(async () => await readFile('a'))(); 0", true],
  ["(async () => { readFile('a'); })(); 0", false],
  ["['a'].forEach((n) => { readFile(n) }); 0", false],
];

describe("whether anybody awaits", () => {
  test.each(USES)("%s: %s", async (code, used) => {
    const repl = await open();
    await repl.start(code);
    const activation = await repl.answer(0, "text");
    expect(activation.state).toMatchObject({ kind: "ended", unawaited: used ? [] : [0] });
  });

  test("a call nobody awaits that fails is no warning and does not end the process", async () => {
    const repl = await open();
    await repl.start("const p = readFile('a');");
    const activation = await repl.refuse(0, "Io", "broken");
    expect(activation.output).toBe("");
    expect(activation.state).toMatchObject({ kind: "ended", unawaited: [0] });
  });
});

/** What cannot cross, and what the model is told. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["NaN", "argument 1 of readFile is NaN, which JSON does not have"],
  ["{ a: [1, Infinity] }", "argument 1 of readFile, at a[1], is Infinity, which JSON does not have"],
  ["10n", "is a BigInt; use Number(value) or String(value)"],
  ["() => 1", "is a function"],
  ["{ f() {} }", "argument 1 of readFile, at f, is a function"],
  ["Symbol('x')", "is a symbol"],
  ["new Map()", "is a Map; use Object.fromEntries(map) or [...map]"],
  ["new Set()", "is a Set; use [...set]"],
  ["new Error('x')", "is an Error, which is no answer: deal with it first"],
  ["readFile", "is a function"],
  ["Promise.resolve()", "is a promise; await it first"],
  ["new Uint8Array(2)", "is a typed array; use Array.from(list)"],
  ["new Date(NaN)", "is an invalid Date"],
  ["(() => { const o = {}; o.o = { o }; return o })()", "at o.o, is a value that contains itself"],
  ["'x'.repeat(9_000_000)", "is larger than 8388608 characters of JSON"],
  ["Array(300_000).fill(1)", "is a list of 300000 elements, which is too long"],
  ["Array(2 ** 32 - 1)", "is a list of 4294967295 elements, which is too long"],
  [
    "(() => { let d = 1; for (let i = 0; i < 300; i++) d = [d]; return d })()",
    "nested deeper than 200 levels",
  ],
  [
    "(() => { let d = {}; for (let i = 0; i < 30; i++) d = { a: d, b: d }; return d })()",
    "more than 200000 values",
  ],
  ["delegate('a', 'q')", "is a handle; await it first"],
];

describe("arguments", () => {
  test.each(REFUSED)("%s are refused", async (code, message) => {
    const repl = await open();
    const activation = await repl.start(
      `try { await readFile(${code}) } catch (e) { print(e.name + ': ' + e.message) }`,
    );
    expect(activation.output).toContain("TypeError: argument 1 of readFile");
    expect(activation.output).toContain(message);
    expect(activation.calls.filter((call) => call.name === "readFile")).toEqual([]);
  });

  test("of what JSON has a word for cross as JSON.stringify would write them", async () => {
    const repl = await open();
    const activation = await repl.start(
      `class P { x = 1; #y = 2; toJSON() { return { px: this.x } } }
       await readFile({ date: new Date(0), un: undefined, list: [undefined, -0], point: new P(), get g() { return 'got' }, "__proto__x": "\\ud800", nested: Object.create(null) })`,
    );
    expect(activation.calls[0]?.args).toEqual([
      {
        date: "1970-01-01T00:00:00.000Z",
        list: [null, 0],
        point: { px: 1 },
        g: "got",
        __proto__x: "\ud800",
        nested: {},
      },
    ]);
  });

  test("a getter that makes calls itself keeps indices contiguous", async () => {
    const repl = await open();
    const activation = await repl.start("readFile({ get a() { writeFile('inner'); return 1 } }); 0");
    expect(activation.calls).toEqual([
      { index: 0, name: "writeFile", args: ["inner"] },
      { index: 1, name: "readFile", args: [{ a: 1 }] },
    ]);
  });
});

describe("many calls", () => {
  test("256 are with the host at a time, the rest follow in order", async () => {
    const repl = await open();
    const first = await repl.start(
      "const all = await Promise.all(Array.from({ length: 400 }, (_, i) => readFile(i))); all.length",
    );
    expect(first.calls).toHaveLength(256);
    const second = await repl.answer(7, "x");
    expect(second.calls).toEqual([{ index: 256, name: "readFile", args: [256] }]);
    let activation = second;
    const open256 = Array.from({ length: 400 }, (_, i) => i).filter((i) => i !== 7);
    for (const index of open256) activation = await repl.answer(index, "x");
    expect(activation.state).toMatchObject({ kind: "ended", echo: "400" });
  });

  test("beyond what a block can make reject, and none of the others is lost", async () => {
    const repl = await ReplDriver.open(narrow);
    let activation = await repl.start(
      "const all = await Promise.allSettled(Array.from({ length: 23 }, (_, i) => readFile(i))); print(all[19].value, all[20].reason.message, all[22].reason.name); all.length",
    );
    for (let i = 0; i < 20; i += 1) activation = await repl.answer(i, i);
    expect(activation.output).toBe(
      "19 a block can make at most 20 calls; make the others in your next block RangeError\n",
    );
    expect(activation.state).toMatchObject({ kind: "ended", echo: "23" });
  });

  test("beyond what a block can make, awaited by nobody, are one warning", async () => {
    const repl = await open();
    const activation = await repl.start("for (let i = 0; i < 50_000; i++) readFile(i)");
    expect(activation.calls).toHaveLength(256);
    expect(activation.output).toMatch(
      /^Warning: a call was not made and nobody awaited it: RangeError: a block can make at most 10000 calls.*\n {2}at line 1/,
    );
    expect(activation.output.match(/Warning/g)).toHaveLength(1);
  });

  test("those whose text does not fit one activation follow as answers come", async () => {
    const repl = await open();
    let activation = await repl.start(
      "const text = 'x'.repeat(8_000_000); const all = await Promise.all(Array.from({ length: 10 }, () => readFile(text))); all",
    );
    expect(activation.calls.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    activation = await repl.answer(2, 2);
    expect(activation.calls.map(({ index }) => index)).toEqual([4, 5, 6, 7]);
    activation = await repl.answer(4, 4);
    expect(activation.calls.map(({ index }) => index)).toEqual([8, 9]);
    for (const index of [0, 1, 3, 5, 6, 7, 8, 9]) activation = await repl.answer(index, index);
    expect(activation.state).toMatchObject({ kind: "ended", echo: "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]" });
  });

  test("one that is too large for any activation rejects, and the next is made", async () => {
    const repl = await open();
    const activation = await repl.start(
      "const text = 'x'.repeat(8_000_000); const big = readFile(text, text, text, text, text); readFile('a'); await big",
    );
    expect(activation.calls).toEqual([{ index: 0, name: "readFile", args: ["a"] }]);
    expect(activation.state).toMatchObject({
      kind: "threw",
      error: {
        name: "RangeError",
        message: "the arguments of readFile hold more than 33554432 characters of JSON; send less",
      },
    });
  });
});

/** Calls that cannot be made, and why. */
const NOT_MADE: readonly (readonly [string, string])[] = [
  ["llmQuery(5)", "llmQuery(prompt, options): the prompt is a string"],
  ["llmQuery('x'.repeat(9_000_000))", "the prompt is larger than 8388608 characters of JSON; send less"],
  ["llmQueryBatched(5)", "llmQueryBatched takes a list of prompts"],
  ["delegate('a', 5)", "delegate(name, query, options): the query is a string"],
  ["delegate(5, 'q')", "delegate(name, query, options): the name is a string, or a child's handle"],
  ["wait(5)", "wait takes handles, as delegate gives them"],
  ["done()", "done(value) needs the answer; use null for an empty one"],
  ["readFile(() => {})", "argument 1 of readFile is a function: only JSON can be sent"],
];

describe("a call that cannot be made", () => {
  test.each(NOT_MADE)("%s rejects, and takes no other along", async (code, message) => {
    const repl = await open();
    const first = await repl.start(
      `const all = await Promise.allSettled([() => readFile('a'), () => ${code}, () => readFile('b')].map((make) => make())); all.map((one) => one.value ?? one.reason.message)`,
    );
    expect(first.calls.map((call) => call.args)).toEqual([["a"], ["b"]]);
    expect(first.state.kind).toBe("idle");
    await repl.answer(0, "A");
    const last = await repl.answer(1, "B");
    expect(last.output).toBe("");
    const state = last.state.kind === "ended" ? last.state : null;
    const [a, refusal, b] = JSON.parse(state?.echo ?? "[]");
    expect([a, b]).toEqual(["A", "B"]);
    expect(refusal).toContain(message);
  });

  test.each(NOT_MADE)("%s that nobody awaits is told when the block ends", async (code, message) => {
    const repl = await open();
    const activation = await repl.start(`print('before');\n${code};\nprint('after');`);
    const [before, after, warning] = activation.output.split("\n");
    expect([before, after]).toEqual(["before", "after"]);
    expect(warning).toMatch(/^Warning: a call was not made and nobody awaited it: (Type|Range)Error: /);
    expect(warning).toContain(message);
    expect(activation.output).toContain("at line 2:");
    expect(activation.state.kind).toBe("ended");
    expect((await repl.start("1")).output).toBe("");
  });

  test("may be awaited after another one, and is then no warning", async () => {
    const repl = await open();
    await repl.start(
      "const bad = delegate('a', 5), worse = llmQuery(5); await readFile('x'); for (const one of [bad, worse]) await one.catch((e) => print(e.name))",
    );
    expect((await repl.answer(0, 1)).output).toBe("TypeError\nTypeError\n");
  });

  test("many that nobody awaits are told in a few lines", async () => {
    const repl = await open();
    const activation = await repl.start("for (let i = 0; i < 5_000; i++) llmQuery(i);");
    expect(activation.output.match(/^Warning: a call/gm)).toHaveLength(20);
    expect(activation.output).toMatch(/Warning: \d+ more calls were not made\n$/);
  });
});

describe("llmQuery", () => {
  test("sends prompt and options", async () => {
    const repl = await open();
    const activation = await repl.start(
      "llmQuery('p'); llmQuery('q', { model: 'fast', output: { type: 'string' } }); 0",
    );
    expect(activation.calls.map((call) => [call.name, call.args])).toEqual([
      ["llmQuery", ["p", {}]],
      ["llmQuery", ["q", { model: "fast", output: { type: "string" } }]],
    ]);
  });

  test("in a batch, a failed slot holds an Error and loses no other", async () => {
    const repl = await open();
    const first = await repl.start(
      "const answers = await llmQueryBatched(['a', 'b', 'c'], { model: 'm' }); print(answers[1] instanceof Error, answers[1].message); answers.length",
    );
    expect(first.calls.map((call) => call.args)).toEqual([
      ["a", { model: "m" }],
      ["b", { model: "m" }],
      ["c", { model: "m" }],
    ]);
    await repl.answer(2, "C");
    await repl.refuse(1, "RequestFailed", "overloaded");
    const last = await repl.answer(0, "A");
    expect(last.output).toBe("true overloaded\n");
    expect(last.state).toMatchObject({ kind: "ended", echo: "3", unawaited: [] });
  });

  test("in a batch, a prompt that cannot be sent leaves its Error and loses no other", async () => {
    const repl = await open();
    const first = await repl.start(
      "const answers = await llmQueryBatched(['a', 'x'.repeat(9_000_000), 5, 'b']); answers.map((one) => one.message ?? one)",
    );
    expect(first.calls.map(({ index, args }) => [index, args[0]])).toEqual([
      [0, "a"],
      [1, "b"],
    ]);
    await repl.answer(1, "B");
    const last = await repl.answer(0, "A");
    const state = last.state.kind === "ended" ? last.state : null;
    expect(JSON.parse(state?.echo ?? "[]")).toEqual([
      "A",
      "llmQuery(prompt, options): the prompt is larger than 8388608 characters of JSON; send less",
      "llmQuery(prompt, options): the prompt is a string",
      "B",
    ]);
  });

  test("in a batch of more than a block can make, the first ones are answered", async () => {
    const repl = await ReplDriver.open(narrow);
    let activation = await repl.start(
      "const answers = await llmQueryBatched(Array(22).fill('p')); [answers.filter((one) => one === 'A').length, answers[21].message]",
    );
    for (let i = 0; i < 20; i += 1) activation = await repl.answer(i, "A");
    expect(activation.state).toMatchObject({
      echo: '[20, "a block can make at most 20 calls; make the others in your next block"]',
    });
  });

  test("of an empty batch is an empty list", async () => {
    const repl = await open();
    expect(await repl.print("await llmQueryBatched([])")).toBe("[]");
  });

  test.each([
    ["llmQuery(5)", "llmQuery(prompt, options): the prompt is a string"],
    ["llmQuery('p', 'fast')", "the options of llmQuery are an object, such as { model: name }"],
    ["llmQueryBatched('abc')", "llmQueryBatched takes a list of prompts"],
    ["llmQueryBatched(['a'], 'fast')", "the options of llmQuery are an object, such as { model: name }"],
  ])("%s is refused", async (code, message) => {
    const repl = await open();
    const activation = await repl.start(code);
    expect(activation.calls).toEqual([]);
    expect(activation.state).toMatchObject({ kind: "threw", error: { name: "TypeError", message } });
  });
});

describe("done", () => {
  test("is a call with the value; nothing after it runs while it waits", async () => {
    const repl = await open();
    const activation = await repl.start("await done({ answer: [1] }); print('never')");
    expect(activation.calls).toEqual([{ index: 0, name: "done", args: [{ answer: [1] }] }]);
    expect(activation.output).toBe("");
    expect(activation.state).toEqual({ kind: "idle" });
  });

  test("rejects when it is refused, and the code may try again", async () => {
    const repl = await open();
    await repl.start("try { await done(5) } catch (e) { print(e.message); await done('5') }");
    const activation = await repl.refuse(0, "InvalidValue", "the answer must be a string");
    expect(activation.output).toBe("the answer must be a string\n");
    expect(activation.calls).toEqual([{ index: 1, name: "done", args: ["5"] }]);
  });

  test("without await counts as unawaited only when it is refused", async () => {
    const repl = await open();
    const first = await repl.start("done(1); 0");
    expect(first.state).toMatchObject({ kind: "ended", unawaited: [] });
    const second = await repl.refuse(0, "InvalidValue", "no");
    expect(second.state).toMatchObject({ kind: "ended", unawaited: [0] });
  });

  test("needs a value", async () => {
    const repl = await open();
    expect(await repl.print("done()")).toMatch(
      /^TypeError: done\(value\) needs the answer; use null for an empty one/,
    );
    expect((await repl.start("done(null)")).calls).toEqual([{ index: 0, name: "done", args: [null] }]);
  });
});

test.each([
  ["const x = Promise.resolve(1);\nawait x;\nawait done(x)", "Write: await done(await x)"],
  ["const x = Promise.resolve(1);\nawait x;\nawait FINAL(x)", "Write: await FINAL(await x)"],
  ["const found = { x: delegate('a', 'q') };\nawait done(found.x)", "Write: await done(await found.x)"],
])("an answer that was not awaited is shown with its own name, awaited: %s", async (code, line) => {
  const repl = await open();
  const activation = await repl.start(code);
  expect(JSON.stringify(activation.state)).toContain(line);
});
