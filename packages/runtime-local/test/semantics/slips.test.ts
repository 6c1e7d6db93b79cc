import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { localRuntime } from "../../src/index.ts";
import { payload, ReplDriver } from "../repl-driver.ts";

const runtime = localRuntime();
afterAll(() => runtime.close());

const TEXT = `id,name\n${Array.from({ length: 300 }, (_, line) => `ERR ${line}`).join("\n")}`;

async function shown(
  code: string,
  contexts: Readonly<Record<string, string>> = { doc: TEXT },
): Promise<string> {
  const repl = await ReplDriver.open(runtime, {
    contexts: Object.entries(contexts).map(([key, text]) => payload(key, text)),
  });
  const text = await repl.print(code);
  await repl.session.dispose();
  return text;
}

describe("a promise or a handle that was not awaited", () => {
  test.each([
    ["llmQuery('x').trim()", "await it first, as in (await …).trim"],
    ["const r = llmQuery('x'); r.length", "(await …).length"],
    ["const f = async () => ({ name: 1 }); f().name", "(await …).name"],
    ["Promise.all([1]).map((n) => n)", "(await …).map"],
    ["'got: ' + llmQuery('x')", "This is a promise, not its value: await it first"],
    ["String(Promise.resolve(1))", "This is a promise, not its value"],
    ["for (const hit of llmQueryBatched(['x'])) print(hit)", "This is a promise, not its value"],
    ["const [a] = Promise.resolve([1])", "This is a promise, not its value"],
    ["const { a } = Promise.resolve({ a: 1 })", "(await …).a"],
    ["JSON.stringify({ a: llmQuery('x') })", "This is a promise, not its value: await it first\n"],
    ["delegate('a', 'q').result", "A handle has no result: await the handle"],
    ["delegate('a', 'q').value.length", "A handle has no value"],
    ["JSON.stringify([delegate('a', 'q')])", "A handle is no value"],
    ["readFile('a').split('\\n')", "(await …).split"],
  ])("%s says so", async (code, message) => {
    expect(await shown(code)).toContain(message);
  });

  test("stays what the language makes of it in every other way", async () => {
    const code = `class Mine extends Promise {}
const p = Promise.resolve(1); p.mine = 2;
const all = [p instanceof Promise, p.mine, Object.keys(p).join(), "then" in p, p.hasOwnProperty("mine"), p.constructor === Promise,
  Object.prototype.toString.call(p), await Mine.resolve(3), await p.finally(() => {}), (await Promise.allSettled([p, Promise.reject(5)])).length,
  [].concat(p).length, typeof p[Symbol.asyncIterator]];
print(...all)`;
    expect(await shown(code)).toBe("true 2 mine true true true [object Promise] 3 1 2 1 undefined\n");
  });
});

describe("CONTEXT", () => {
  test.each([
    ["CONTEXT.text() === CONTEXT.read() && CONTEXT.get('doc').text() === CONTEXT.text()", "true"],
    ["CONTEXT.doc.text() === CONTEXT['doc'].text()", "true"],
    ["JSON.stringify(CONTEXT.slice(0, 7))", '"\\"id,name\\""'],
    ["JSON.parse(JSON.stringify({ all: CONTEXT })).all === CONTEXT.text()", "true"],
    ["context.length === CONTEXT.length", "true"],
    ["const context = 5; context", "5"],
    ["(await CONTEXT).length === CONTEXT.length", "true"],
    ["'text' in CONTEXT && !('nothing' in CONTEXT)", "true"],
  ])("%s is %s", async (code, value) => {
    expect(await shown(code)).toBe(value);
  });

  test.each([
    ["CONTEXT.content", "CONTEXT has no content; it has length, info(), text(), read(start, end)"],
    ["CONTEXT['INC-1000']", "CONTEXT has no INC-1000; it has length, info(), text(), read(start, end)"],
    [
      "CONTEXT[0]",
      "CONTEXT.text().at(0) is a character, CONTEXT.lines().at(0) a line, CONTEXT.read(0, 1000) the beginning",
    ],
    ["CONTEXT.get('wrong')", 'there is no key "wrong"; the key is "doc"'],
    ["CONTEXT.slice(0, 4).grep('x')", "A slice has no grep; it has text(), length"],
    ["CONTEXT.slice(0, 4).value", "A slice has no value"],
  ])("%s says what there is", async (code, message) => {
    expect(await shown(code)).toContain(message);
  });

  test("with several payloads is indexed by key, and says which there are", async () => {
    const contexts = { a: "one", "b-1": "two" };
    expect(await shown("CONTEXT['b-1'].text() + CONTEXT.a.text()", contexts)).toBe('"twoone"');
    expect(await shown("CONTEXT.text()", contexts)).toContain('the keys are "a", "b-1"');
    expect(await shown("CONTEXT.c", contexts)).toContain('the keys are "a", "b-1"');
    expect(await shown("CONTEXT.text()", {})).toContain("this agent was given no context");
  });

  test("of which too much is read at once says its size and what to do", async () => {
    const repl = await ReplDriver.open(runtime, {
      contexts: [
        { key: "big", characters: 50_000_000, digest: "big", read: (from, to) => "x".repeat(to - from) },
      ],
    });
    for (const code of [
      "CONTEXT.text()",
      "CONTEXT.read()",
      "CONTEXT.slice(5).text()",
      "JSON.stringify(CONTEXT)",
    ]) {
      expect(await repl.print(code)).toMatch(/(50000000|49999995) characters are too many to read at once/);
    }
    expect(await repl.print("CONTEXT.read(0, 10)")).toBe('"xxxxxxxxxx"');
  });

  test("whose text begins with a byte order mark has its first line without it, and a read says so", async () => {
    const contexts = { csv: "\uFEFFid,name\n1,x" };
    expect(await shown("CONTEXT.grep(/^id/)[0].start", contexts)).toBe("1");
    expect(await shown("CONTEXT.lines(0, 1)[0].split(',')[0] === 'id'", contexts)).toBe("true");
    expect(await shown("CONTEXT.read().length", contexts)).toContain(
      "byte order mark, U+FEFF: read it from position 1",
    );
    expect(await shown("CONTEXT.read(1, 3)", contexts)).toBe('"id"');
  });
});

describe("grep", () => {
  test.each([
    ["CONTEXT.grep('ERR').length", 'Note: grep("ERR") stopped after 100 hits, there are more'],
    ["CONTEXT.grep(/ERR/, 20).length", "stopped after 20 hits, there are more"],
    ["CONTEXT.grep('nowhere')", "[] (0 hits)"],
    [
      "for (const hit of CONTEXT.grep(/nowhere/)) print(hit.text)",
      "Note: grep(/nowhere/) found nothing: 0 hits.",
    ],
    ["CONTEXT.grep('ERR \\\\d+|WARN')", "as it stands and found nothing: for an expression give /…/"],
    ["CONTEXT.grep(/ERR 1\\nERR 2/)", "grep looks at one line at a time"],
    ["CONTEXT.grep('a\\nb')", "grep looks at one line at a time"],
  ])("%s says so", async (code, message) => {
    expect(await shown(code)).toContain(message);
  });

  test.each([
    ["CONTEXT.grep('ERR', 1).length", "1"],
    ["CONTEXT.grep('ERR', 300).length", "300"],
    ["CONTEXT.grep('ERR 299')[0].line", "300"],
    ["CONTEXT.grep(/ERR 7\\n?$/).length", "1"],
    ["CONTEXT.grep(/[^\\n]RR 7$/).length", "1"],
    ["CONTEXT.grep('nowhere').length", "0"],
  ])("%s is %s and no more is said", async (code, value) => {
    expect(await shown(code)).toBe(value);
  });

  test("says a bounded number of things", async () => {
    const text = await shown("for (let i = 0; i < 500; i++) CONTEXT.grep('x' + i + '\\\\d+')");
    expect(text.split("Note:").length).toBeLessThan(10);
    expect(text).toContain("495 more searches");
    expect(text).toContain("nor did 499 more searches");
  });
});

describe("options", () => {
  test.each([
    ["delegate('a', 'q', { formt: 1 })", 'delegate has no option "formt"'],
    ["delegate('a', 'q', { response_format: {} })", "Did you mean output?"],
    ["delegate('a', 'q', { ouput: {} })", "Did you mean output?"],
    ["delegate('a', 'q', { text: 'x' })", "Did you mean context?"],
    ["llmQuery('a', { modle: 'x' })", "Its options are model, output"],
    ["llmQuery('a', 'fast')", "the options of llmQuery are an object"],
    ["delegate('a', 'q', { schema: {}, output: {} })", "the option output twice, as schema and as output"],
    ["['a', 'b'].map((p) => llmQuery(p, { temperature: 1 }))", 'llmQuery has no option "temperature"'],
    ["llmQueryBatched(['a', 'b'], { temperature: 1 })", 'llmQuery has no option "temperature"'],
    [
      "delegate('Who hides what from whom?', 'chapter '.repeat(500))",
      'write delegate("part", "Who hides what from whom?", { context: text })',
    ],
    ["delegate('Summarize this part', CONTEXT.slice(0, 9))", 'write delegate("part", "Summarize this part"'],
    [
      "delegate('Summarize the following text in two sentences', 'chapter '.repeat(500))",
      'write delegate("part", "Summarize the following text in two sentences"',
    ],
  ])("%s throw where they stand", async (code, message) => {
    const text = await shown(code);
    expect(text).toContain(message);
    expect(text).toContain("at line 1:");
  });

  test.each([
    ["delegate('summarize part 3', 'Summarize this text: ' + 'word '.repeat(500))", "delegate"],
    ["delegate('Chapter 3: the cellar', 'Who is in it? '.repeat(200))", "delegate"],
    ["['a', 'b'].map(llmQuery)", "llmQuery"],
  ])("%s is a call like any other", async (code, name) => {
    const repl = await ReplDriver.open(runtime);
    const { calls, state } = await repl.start(`${code}; 1`);
    expect(state.kind).toBe("ended");
    expect(calls[0]).toMatchObject({ name });
    expect(calls[0]?.args.at(-1)).toEqual({});
    await repl.session.dispose();
  });

  test("under another name cross under their own", async () => {
    const repl = await ReplDriver.open(runtime);
    const activation = await repl.start(
      "delegate('a', 'q', { schema: { type: 'string' }, max_iterations: 3, contexts: 'x' }); llm_query('p', { schema: true })",
    );
    expect(activation.calls).toMatchObject([
      {
        name: "delegate",
        args: ["a", "q", { output: { type: "string" }, maxIterations: 3, contexts: [{ text: "x" }] }],
      },
      { name: "llmQuery", args: ["p", { output: true }] },
    ]);
    expect((await repl.start("FINAL('the answer')")).calls).toMatchObject([
      { name: "done", args: ["the answer"] },
    ]);
  });

  test("that the host refuses for a whole batch are told once", async () => {
    const repl = await ReplDriver.open(runtime);
    await repl.start("await llmQueryBatched(['a', 'b', 'c'], { model: 'none' })");
    await repl.refuse(0, "TypeError", "there is no model");
    await repl.refuse(1, "TypeError", "there is no model");
    const activation = await repl.refuse(2, "TypeError", "there is no model");
    expect(activation.state).toMatchObject({ kind: "threw", error: { message: "there is no model" } });
  });
});

test("Errors among the answers that done is given are counted and named", async () => {
  const text = await shown("await done([1, new Error('a'), 2, new Error('b')])");
  expect(text).toContain("a list of which 2 of 4 (1, 3) are Errors: ask for those again");
});

describe("a name before its declaration", () => {
  test.each([
    ["print(later); let later = 1", "ReferenceError: Cannot access 'later' before initialization"],
    ["const read = () => total; read(); const total = 2", "Cannot access 'total' before initialization"],
    ["const total = total + 1", "Cannot access 'total' before initialization"],
    ["new Late(); class Late {}", "Cannot access 'Late' before initialization"],
  ])("%s is an error, also where an earlier block had it", async (code, message) => {
    const repl = await ReplDriver.open(runtime);
    expect(await repl.print(code)).toContain(message);
    await repl.print("var later = 'old', total = 'old', Late = class {};");
    expect(await repl.print(code)).toContain(message);
    expect(await repl.print("[later, total, typeof Late].join()")).toBe('"old,old,function"');
  });

  test("that was not come to is told, and is what it was", async () => {
    const repl = await ReplDriver.open(runtime);
    await repl.print("let kept = 1");
    const text = await repl.print("const n = JSON.parse('x'); const m = 1; let kept = 2");
    expect(text).toContain("Not set, because the block threw first: n, m.");
    expect(text).toContain("Still as before this block: kept.");
    expect(await repl.print("[typeof n, kept].join()")).toBe('"undefined,1"');
    expect(await repl.print("n")).toContain("n is not defined");
    expect(await repl.print("const n = 5; n")).toBe("5");
  });

  test("has none in VARIABLES", async () => {
    expect(await shown("VARIABLES().map((v) => v.name); const a = 1")).not.toContain('"a"');
  });
});

describe("console", () => {
  test.each([
    [
      "console.group('a'); console.log('b\\nc'); console.groupEnd(); console.groupEnd(); console.log('d')",
      "a\n  b\n  c\nd\n",
    ],
    [
      "console.count(); console.count('x'); console.count(); console.countReset(); console.count()",
      "default: 1\nx: 1\ndefault: 2\ndefault: 1\n",
    ],
    ["console.time('t'); console.timeLog('t', 1); console.timeEnd('t')", "t: 1\n"],
    ["console.log('%s is %d%%, %i, %j', 'a', 4.5, 4.5, { b: 1 }, 'rest')", "a is 4.5%, 4, { b: 1 } rest\n"],
    ["console.log('100%', 5); console.log('%s'); console.log('%x', 1)", "100% 5\n%s\n%x 1\n"],
    [
      "console.table([{ a: 1 }]); console.dir({ b: 2 }, { depth: 0 }); console.trace('t')",
      "[{ a: 1 }]\n{ b: 2 }\nTrace: t\n",
    ],
    [
      "console.groupCollapsed(); console.clear(); console.dirxml(1); console.timeStamp(); console.profile(); console.profileEnd()",
      "  1\n",
    ],
    [
      "console.assert(false, '%s', 'why'); console.count(Symbol('s')); console.log('%d', 5n, '%i', Symbol('x'))",
      "Assertion failed: why\nSymbol(s): 1\n5n %i Symbol(x)\n",
    ],
    ["console.count({ toString() { throw 1 } })", "label: 1\n"],
    ["const { log } = console; log('free')", "free\n"],
  ])("%s", async (code, text) => {
    expect(await shown(code)).toBe(text);
  });
});

describe("what was thrown", () => {
  test("keeps its class and fields", async () => {
    expect(
      await shown(
        "class Failure { constructor() { this.message = 'no'; this.status = 404 } }\nthrow new Failure()",
      ),
    ).toContain('Failure: threw Failure { message: "no", status: 404 }');
    expect(await shown("throw { message: 'no', code: 3 }")).toContain('threw { message: "no", code: 3 }');
    expect(await shown("throw Object.assign(new RangeError('no'), { code: 'E1' })")).toContain(
      'RangeError: no { code: "E1" }',
    );
    expect(await shown("class Mine extends Error {}\nthrow new Mine('no')")).toContain("Mine: no");
  });

  test("shows every error that it stands for", async () => {
    const code =
      "await Promise.any([Promise.reject(new Error('first')),\nPromise.reject(new TypeError('second'))])";
    expect(await shown(code)).toMatch(/AggregateError.*1\. Error: first.*2\. TypeError: second.*line 2/s);
    expect(
      await shown(
        "throw new AggregateError(Array.from({ length: 50 }, (_, i) => new Error('e' + i)), 'all')",
      ),
    ).toContain("… and 40 more errors");
    expect(await shown("throw new SuppressedError(new Error('new one'), new Error('old one'))")).toMatch(
      /new one.*old one/s,
    );
  });

  test("by what nobody awaited has type, message and line of each", async () => {
    const text = await shown(
      "(async () => { null.x })();\n(async () => {\n  throw new RangeError('far') })(); 1",
    );
    expect(text).toMatch(/TypeError: Cannot read.*line 1.*RangeError: far.*line 3/s);
  });
});

test("many failures that nobody awaited are counted", async () => {
  const text = await shown("for (let i = 0; i < 50; i++) Promise.reject(new Error('no ' + i)); 1");
  expect(text).toContain("Error: no 19");
  expect(text).toContain("30 more promises were rejected and nobody awaited them");
  expect(
    await shown("const f = async () => { throw 1 }; f().catch(() => {}); llmQuery('x'); 1"),
  ).not.toContain("Warning");
});

describe("values", () => {
  test.each([
    ["new Map([['a', 1]]).keys()", "[Map Iterator]"],
    ["(function* () {})()", "[Generator]"],
    ["[new String('s'), new Number(4)]", '[[String: "s"], [Number: 4]]'],
    ["const a = 1, b = 2;\n{ a, b }", "{ a: 1, b: 2 }"],
    ["{ total: 4 }", "{ total: 4 }"],
    [
      "({ n: new AggregateError([new Error('x')], 'all') })",
      "{ n: [AggregateError: all; errors: [[Error: x]]] }",
    ],
  ])("%s is shown as %s", async (code, text) => {
    expect(await shown(code)).toBe(text);
  });

  test.each([
    ["await done(new Map().values())", "an iterator; use [...iterator]"],
    ["{ a: 1, b: 2 }", "put an object in parentheses"],
    ["I will now look at the data first.", "put words outside of it, or behind //"],
    ["await using x = null; x = 1", "was declared with using: it cannot be assigned to"],
    ["{ using y = null; (() => { y++ })() }", "was declared with using"],
    ["for (await using x = null; ; ) break", "`await using` cannot stand in the head of this loop"],
  ])("%s is refused with what to do", async (code, message) => {
    expect(await shown(code)).toContain(message);
  });

  test("that code let go of are freed while the block runs", async () => {
    const repl = await ReplDriver.open(runtime);
    const before = process.memoryUsage().arrayBuffers;
    await repl.print("let big = new Uint8Array(200_000_000)");
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(190_000_000);
    const activation = await repl.start("big = null; await readFile('a')");
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    expect(activation.calls).toHaveLength(1);
    // V8 sweeps array buffers on another thread, after the collection has returned.
    const held = () => {
      collect();
      return process.memoryUsage().arrayBuffers - before;
    };
    await expect.poll(held).toBeLessThan(190_000_000);
  });

  test("that are texts put together without end harm no later block", async () => {
    const repl = await ReplDriver.open(runtime);
    const text = await repl.print("let s = 'a'; while (true) s += s");
    expect(text).toContain("RangeError: Invalid string length");
    expect(await repl.print("s")).toBe("a text of 268435456 characters");
  });
});

test("done may always be called, however many calls a block has made", async () => {
  const few = localRuntime({ limits: { callsPerBlock: 3 } });
  const repl = await ReplDriver.open(few);
  const activation = await repl.start("for (let i = 0; i < 4; i++) llmQuery('q'); done(1)");
  expect(activation.calls.map(({ name }) => name)).toEqual(["llmQuery", "llmQuery", "llmQuery", "done"]);
  await few.close();
});
