import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { ReplDriver, shownOf } from "./repl-driver.ts";

const runtime = pythonRuntime();
let repl: ReplDriver;

beforeAll(async () => {
  repl = await ReplDriver.open(runtime);
}, 120_000);
afterAll(() => runtime.close());

describe("what Python itself ends things with is told as it was raised", () => {
  test.each<[string, string]>([
    ["next(iter([]))", "StopIteration"],
    ["raise StopIteration(3)", "StopIteration: 3"],
    ["raise StopAsyncIteration('over')", "StopAsyncIteration: over"],
    ["raise GeneratorExit('closed')", "GeneratorExit: closed"],
    ["raise SystemExit(3)", "SystemExit: 3"],
    ["raise KeyboardInterrupt('key')", "KeyboardInterrupt: key"],
    ["raise asyncio.CancelledError('why')", "CancelledError: why"],
    ["raise BaseException('base')", "BaseException: base"],
  ])("%s", async (code, told) => {
    for (const before of ["1", "await asyncio.sleep(0)"]) {
      const { state } = await repl.start(before, code);
      const text = state.kind === "threw" ? state.text : state.kind;
      expect(text).toMatch(/^Traceback \(most recent call last\):\n {2}line 2:\n/);
      expect(text.split("\n")).toContain(told);
      expect(text).not.toContain("RuntimeError");
    }
    expect(await repl.shown("def inner():", `    ${code}`, "await asyncio.sleep(0)", "inner()")).toContain(
      "line 2, in inner",
    );
    expect(await repl.shown("6 * 7")).toBe("42");
  });

  test("a RuntimeError stays one", async () => {
    const chained = [
      "try: next(iter([]))",
      "except StopIteration as end: raise RuntimeError('mine') from end",
    ];
    expect(await repl.shown("await asyncio.sleep(0)", ...chained)).toContain("RuntimeError: mine\nCaused by");
    expect(await repl.shown("async def inner(): next(iter([]))", "await inner()")).toContain(
      "RuntimeError: coroutine raised StopIteration\nCaused by",
    );
  });
});

describe("failures that nobody awaited", () => {
  test("are told each with type, message and line", async () => {
    const shown = await repl.shown(
      "async def first():",
      "    raise ValueError('one')",
      "async def second():",
      "    {}['key']",
      "tasks = [asyncio.create_task(work()) for work in (first, second)]",
      "await asyncio.sleep(0)",
    );
    expect(shown).toContain("line 2, in first:\n    raise ValueError('one')\nValueError: one\n");
    expect(shown).toContain("line 4, in second:\n    {}['key']\nKeyError: 'key'\n");
  });

  test("in threads and finalizers are told in the model's own lines alone", async () => {
    const thread = [
      "import threading",
      "thread = threading.Thread(target=lambda: echo('x'))",
      "thread.start(); thread.join()",
    ];
    expect(await repl.shown(...thread)).toMatch(
      /^Warning: a thread failed: Traceback \(most recent call last\):\n {2}line 2, in <lambda>:\n.*\nRuntimeError: the host is called from the block itself.*\n$/,
    );
    const finalizer = ["class Odd:", "    def __del__(self): 1 / 0", "Odd()", "None"];
    expect(await repl.shown(...finalizer)).toBe(
      "Warning: a finalizer or a thread failed: Traceback (most recent call last):\n  line 2, in __del__:\n    def __del__(self): 1 / 0\nZeroDivisionError: division by zero\n",
    );
    expect(await repl.shown("thread = threading.Thread(target=exit_of)", "None")).toContain("NameError");
    expect(
      await repl.shown(
        "import sys",
        "thread = threading.Thread(target=sys.exit)",
        "thread.start(); thread.join()",
      ),
    ).toBe("");
    const many = [
      "from concurrent.futures import ThreadPoolExecutor",
      "with ThreadPoolExecutor() as pool:",
      "    answers = list(pool.map(echo, 'ab'))",
    ];
    expect(await repl.shown(...many)).toContain(
      "Write: answers = list(await asyncio.gather(*map(echo, 'ab')))",
    );
  });

  test("alike are told once, with how often; of many kinds the first", async () => {
    const alike = ["for _ in range(30): asyncio.create_task(first())", "await asyncio.sleep(0)"];
    const shown = await repl.shown(...alike);
    expect(shown.match(/Warning: /g)).toHaveLength(1);
    expect(shown).toContain("(30 times)");
    const kinds = await repl.shown("for n in range(30): echo({n: {1}})", "None");
    expect(kinds.match(/Warning: a call was not made/g)).toHaveLength(10);
    expect(kinds).toContain("Warning: the same in 20 other ways");
  });
});

test("a block that takes a name of the REPL is told that it is restored", async () => {
  expect(await repl.shown("done = False", "done")).toBe(
    "Note: done is a name of the REPL and restored in your next block: keep your own values under other names.\nFalse",
  );
  expect(await repl.shown("def wait(n): return n", "CONTEXT = wait(3)", "CONTEXT")).toMatch(
    /^Note: wait, CONTEXT are names of the REPL and restored.*\n3$/,
  );
  expect(await repl.shown("import asyncio", "x = [done, wait, print, CONTEXT]", "del done", "len(x)")).toBe(
    "4",
  );
});

describe("values that code lets go of", () => {
  test("are freed at once, whatever earlier blocks showed of them", async () => {
    await repl.start(
      "import weakref",
      "class Big:",
      "    def __del__(self): print('freed')",
      "big = Big()",
      "seen = weakref.ref(big)",
      "kept = [big]",
      "big",
    );
    expect(await repl.shown("kept = None", "big = None", "seen() is None")).toBe("freed\nTrue");
    await repl.start("big = Big()", "seen = weakref.ref(big)");
    expect(await repl.shown("del big", "print(seen())")).toBe("freed\nNone\n");
  });

  test("do not add up to twice the memory", async () => {
    const narrow = pythonRuntime(["--memory-mb", "300"]);
    const own = await ReplDriver.open(narrow);
    for (let block = 0; block < 4; block += 1)
      expect(await own.shown("values = None", "values = bytearray(150_000_000)", "len(values)")).toBe(
        "150000000",
      );
    await narrow.close();
  });

  test("that the host answered are freed too", async () => {
    await repl.start("import gc", "answer = await echo(1)");
    await repl.answer(0, { marker: "an answer", more: [1] });
    const count =
      "sum(1 for held in gc.get_objects() if type(held) is dict and held.get('marker') == 'an answer')";
    await repl.start("answer = await echo(1)", "answer = await asyncio.sleep(0)", "gc.collect()", count);
    expect(shownOf(await repl.answer(0, { marker: "an answer", more: [1] }))).toBe("0");
    await repl.start("child = delegate('child', 'q')", "await child");
    await repl.answer(0, "root.child");
    await repl.answer(1, [{ ok: true, value: { marker: "an answer", more: [1] } }]);
    expect(await repl.shown("gc.collect()", count)).toBe("1");
    expect(await repl.shown("(await child)['marker']")).toBe("'an answer'");
    expect(await repl.shown("del child", "gc.collect()", count)).toBe("0");
  });
});
