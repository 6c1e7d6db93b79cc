import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { payload, ReplDriver, shownOf } from "./repl-driver.ts";

const runtime = pythonRuntime();
let repl: ReplDriver;

beforeAll(async () => {
  const text = "an error\nno 😀 fault\nERROR again\n";
  repl = await ReplDriver.open(runtime, { contexts: [payload("log", text)] });
});
afterAll(() => runtime.close());

describe("a function of the host", () => {
  test("takes keyword arguments, which the host places", async () => {
    const activation = await repl.start("read_file('a', max=3); read_file(path='b')", "None");
    expect(activation.calls.map(({ args }) => args)).toEqual([
      ["a", { $named: { max: 3 } }],
      [{ $named: { path: "b" } }],
    ]);
  });

  test("can be given to tasks", async () => {
    const first = await repl.start(
      "task = asyncio.create_task(echo(1))",
      "async with asyncio.timeout(5) if hasattr(asyncio, 'timeout') else __import__('contextlib').AsyncExitStack():",
      "    print(await task)",
    );
    expect(first.calls.length).toBe(1);
    expect(shownOf(await repl.answer(0, "one"))).toBe("one\n");
  });

  test("that is refused and that nobody awaits is told, once", async () => {
    const refused =
      "Warning: a call was not made and nobody awaited it: TypeError: argument 1 of echo is a set;";
    expect(await repl.shown("echo({1})", "print('on')")).toMatch(new RegExp(`^on\n${refused}.*\n$`));
    const shown = await repl.shown("await asyncio.gather(echo({1}), return_exceptions=True)", "None");
    expect(shown).toBe("");
    expect(await repl.shown("llm_query_batched([1])", "None")).toContain(
      "llm_query_batched: a prompt is a string",
    );
  });

  test("is shown by the name that code has for it", async () => {
    const activation = await repl.start("[llm_query('q'), llm_query_batched(['q']), echo(1)]");
    expect(shownOf(activation)).toBe(
      "[<call of llm_query: await it>, <call of llm_query_batched: await it>, <call of echo: await it>]",
    );
  });

  test("throws an error of its name", async () => {
    await repl.start(
      "try:",
      "    await echo(1)",
      "except Exception as error:",
      "    print(type(error).__name__, error.name, error)",
    );
    const activation = await repl.deliver(0, {
      ok: false,
      error: { name: "NotFound", message: "no such file" },
    });
    expect(activation.output).toBe("NotFound NotFound no such file\n");
  });

  test.each<[string, string]>([
    ["echo(float('nan'))", "argument 1 of echo is nan, which JSON does not have: only JSON can be sent"],
    [
      "echo({'a': [{1}]})",
      "argument 1 of echo, at a[0], is a set; use list(value) or sorted(value): only JSON can be sent",
    ],
    ["echo({None: 1})", "a dict with a key that is no string (NoneType); use str(key)"],
    ["echo({1: 1, '1': 2})", "a dict with the key '1' twice"],
    ["echo(2**60 + 1)", "a whole number that JSON does not keep exactly"],
    ["echo(10**21)", "a whole number that JSON does not keep exactly"],
    ["echo(10**400)", "a whole number that JSON does not keep exactly"],
    ["echo(echo)", "is a function"],
    ["echo(delegate)", "is a function"],
    ["echo([asyncio.sleep(0)])", "something to await; await it first"],
    ["import datetime\necho(datetime.date(2020, 1, 1))", "a date or time; use value.isoformat()"],
    ["deep = []\nfor _ in range(300): deep = [deep]\necho(deep)", "is nested deeper than 200 levels"],
    ["wide = [0] * 1000\necho([wide] * 300)", "holds more than 200000 values"],
    ["echo('x' * 9_000_000)", "is larger than 8388608 characters of JSON; send less"],
    ["llm_query('q', {'model': 'm'})", "llm_query takes its options by name: model=…, output=…"],
    ["llm_query(3)", "the prompt is a string, not int"],
    [
      "delegate('a', 'q', ctx='x')",
      "delegate has no option ctx: did you mean context? It has context, model, runtime, max_iterations",
    ],
    ["delegate('a', 'q', max_turns=3)", "did you mean max_iterations?"],
    ["delegate('a', 'q', zzz=3)", "delegate has no option zzz; it has context, model"],
    ["delegate('a', 'q', max_iterations='3')", "delegate: max_iterations must be a number, not str"],
    [
      "delegate('a', 'q', output='integer')",
      'delegate: output must be a JSON Schema, a dict such as {"type": "integer"}, not str',
    ],
    ["delegate('a', 'q', schema={}, output={})", "delegate was given output twice, once as output"],
    [
      "llm_query('q', response_format={})",
      "llm_query has no option response_format: did you mean output? It has model",
    ],
    [
      "llm_query_batched(['q'] * 24, outputs={})",
      "llm_query_batched has no option outputs: did you mean output?",
    ],
    ["llm_query_batched(['q'] * 24, model=3)", "llm_query_batched: model must be the name of a model"],
    ["delegate('Who hides what in it?', 'x' * 2000)", "here the name is a sentence of 21 characters"],
    ["delegate('say in one sentence what happens here', 'x' * 2000)", "here the name is a sentence"],
    ["await done([1, ValueError('no'), 3])", "done: 1 of 3 values are errors, at 1: ask for those again."],
    [
      "await done({'a': 1, 'b': KeyError('k')})",
      "done: 1 of 2 values are errors, at 'b': ask for those again.",
    ],
    ["delegate('a', 'q', {'context': 'x'})", "delegate takes its options by name"],
    ["done()", "done(value) takes one value"],
    ["delegate('a')", "TypeError: delegate() missing 1 required positional argument: 'query'"],
    ["llm_query()", "TypeError: llm_query() missing 1 required positional argument: 'prompt'"],
    ["for line in CONTEXT: pass", "CONTEXT is not a list: write CONTEXT.lines() for its lines"],
    ["raise Exception(repr(done))", "Exception: <bound method done of the REPL>"],
    ["str(CONTEXT)", "CONTEXT is not a str: it has 33 characters"],
    ["CONTEXT.grep(3)", "grep takes a str, or an expression: re.compile(...)"],
    ["import re\nCONTEXT.grep(re.compile('(a+)+b'))", "it repeats what holds a repetition or an option"],
    ["CONTEXT.grep(re.compile('(?:a|a)*b'))", "it repeats what holds alternatives"],
    ["CONTEXT.grep(re.compile('(?=a)'))", "it looks back or ahead"],
  ])("%s is refused", async (code, message) => {
    const activation = await repl.start(code);
    expect(activation.calls).toEqual([]);
    expect(shownOf(activation)).toContain(message);
  });

  test("takes what JSON readers give back, and names that hold the rest of JSON", async () => {
    const first = await repl.start(
      "import json",
      "value = await echo(10**20)",
      "echo([value, {1: 2}, (1, 2), True, -0.0])",
      "None",
    );
    expect(first.calls[0]?.args).toEqual([1e20]);
    const second = await repl.answer(0, 2 ** 70);
    expect(second.calls[0]?.args).toEqual([[2 ** 70, { 1: 2 }, [1, 2], true, 0]]);
  });
});

describe("calls beyond what one activation can hold", () => {
  const small = pythonRuntime([], { limits: { activationSize: 1000 } });
  afterAll(() => small.close());

  test("queue, and follow as answers come", async () => {
    const driver = await ReplDriver.open(small);
    const first = await driver.start("print(await llm_query_batched(['x' * 300 for _ in range(5)]))");
    expect(first.calls.map(({ index }) => index)).toEqual([0, 1]);
    expect((await driver.answer(0, "a")).calls.map(({ index }) => index)).toEqual([2, 3]);
    await driver.answer(1, "b");
    await driver.answer(2, "c");
    await driver.answer(3, "d");
    expect(shownOf(await driver.answer(4, "e"))).toBe("['a', 'b', 'c', 'd', 'e']\n");
  });

  test("beyond the most of a block are refused, and an answer is not", async () => {
    const few = pythonRuntime([], { limits: { callsPerBlock: 3 } });
    const driver = await ReplDriver.open(few);
    const activation = await driver.start("for n in range(5): echo(n)", "await done('the answer')");
    expect(activation.calls.map(({ name }) => name)).toEqual(["echo", "echo", "echo", "done"]);
    expect(
      shownOf(await driver.deliver(3, { ok: false, error: { name: "TypeError", message: "no fit" } })),
    ).toMatch(/a block can make at most 3 calls; make the others in your next block\n.*no fit$/s);
    await few.close();
  });

  test("are refused in their own place where one alone is too large", async () => {
    const driver = await ReplDriver.open(small);
    const first = await driver.start(
      "answers = await llm_query_batched(['ok', 'x' * 2000, 5])",
      "print([a if isinstance(a, str) else type(a).__name__ for a in answers])",
    );
    expect(first.calls.length).toBe(1);
    expect(shownOf(await driver.answer(0, "fine"))).toBe("['fine', 'RuntimeError', 'TypeError']\n");
  });

  test("and calls that are refused fail where they are awaited", async () => {
    const driver = await ReplDriver.open(small);
    const first = await driver.start(
      "answers = await asyncio.gather(*[llm_query(p) for p in ['ok', 5]], return_exceptions=True)",
      "print(answers[0], type(answers[1]).__name__)",
    );
    expect(first.calls.length).toBe(1);
    expect(shownOf(await driver.answer(0, "fine"))).toBe("fine TypeError\n");
  });
});

describe("CONTEXT", () => {
  test("grep looks for texts and expressions, by positions of UTF-16 units", async () => {
    const shown = await repl.shown(
      "import re",
      "hits = CONTEXT.grep(re.compile('error', re.I))",
      "print([(hit.line, hit['start'], hit.text) for hit in hits], CONTEXT.grep('fault')[0].start)",
      "[CONTEXT.read(hit.start, hit.start + 5) for hit in hits]",
    );
    expect(shown).toBe("[(0, 3, 'an error'), (2, 21, 'ERROR again')] 15\n['error', 'ERROR']");
  });

  test("grep tells when a text looks like an expression", async () => {
    expect(await repl.shown("CONTEXT.grep('error|fault')")).toBe(
      'Note: grep looked for the text "error|fault" as it stands; for an expression give re.compile(...).\n0 hits',
    );
  });

  test("is read like a text too", async () => {
    expect(await repl.shown("[CONTEXT[3:8], len(CONTEXT), CONTEXT['log'].lines()[-1]]")).toBe(
      "['error', 33, 'ERROR again']",
    );
  });
});
