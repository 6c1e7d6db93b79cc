import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { ReplDriver, shownOf } from "./repl-driver.ts";

const runtime = pythonRuntime(["--time-ms", "5000"]);
let repl: ReplDriver;

beforeAll(async () => {
  repl = await ReplDriver.open(runtime, { functions: ["echo"] });
});
afterAll(() => runtime.close());

/** Ways in which a method of code's can fail. */
const FAILURES: readonly (readonly [string, string])[] = [
  ["raise SystemExit(1)", "SystemExit"],
  ["__import__('sys').exit()", "SystemExit"],
  ["raise KeyboardInterrupt", "KeyboardInterrupt"],
  ["raise GeneratorExit", "GeneratorExit"],
  ["raise BaseException", "BaseException"],
  ["raise asyncio.CancelledError", "CancelledError"],
  ["return repr(self)", "RecursionError"],
  ["return 5", "TypeError"],
];

describe("a repr that fails", () => {
  test.each(FAILURES)("by %s is told, as a value, inside of one, and as a variable", async (body, name) => {
    const odd = ["class Odd:", `    def __repr__(self): ${body}`, "odd = Odd()"];
    const told = `<Odd, whose repr raises ${name}>`;
    expect(await repl.shown(...odd, "odd")).toBe(told);
    expect(await repl.shown("[1, {'key': odd}]")).toBe(`[1, {'key': ${told}}]`);
    const { state } = await repl.start("6 * 7");
    expect(state).toMatchObject({ kind: "ended", echo: "42" });
  });

  test("by printing and returning too much is cut", async () => {
    const lines = ["class Odd:", "    def __repr__(self): print('y' * 10_000_000); return 'x' * 50_000_000"];
    const shown = await repl.shown(...lines, "Odd()");
    expect(shown).toContain("characters were not kept");
    expect(shown).toMatch(/x… \(49990000 more characters\)$/);
  });
});

describe("an error whose own code fails", () => {
  test.each(FAILURES.slice(0, 6))("by %s is told", async (body, name) => {
    const odd = ["class Odd(Exception):", `    def __str__(self): ${body}`];
    const told = `Odd: its message cannot be shown: ${name}`;
    expect(await repl.shown(...odd, "raise Odd()")).toContain(told);
    const group = [
      "try:",
      "    raise ValueError('inner')",
      "except ValueError as inner:",
      "    raise Odd() from inner",
    ];
    expect(await repl.shown(...group)).toMatch(new RegExp(`${told}\n.*ValueError: inner`, "s"));
  });

  test("in its fields is told by the interpreter's own", async () => {
    const fields = [
      "name",
      "exceptions",
      "__cause__",
      "__context__",
      "__traceback__",
      "__suppress_context__",
    ];
    const lines = fields.map((field) => `    ${field} = property(lambda self: exit(1))`);
    expect(await repl.shown("class Odd(NameError):", ...lines, "raise Odd('words')")).toMatch(/Odd: words$/);
    const fault = ["fault = SyntaxError('words', ('<block x>', 10**30, -5, 'x'))", "fault.text = 5"];
    expect(await repl.shown(...fault, "raise fault")).toBe("SyntaxError: words (line 1, column 1)");
  });

  test("in a task and in a callback is told as a warning", async () => {
    const lines = ["class Odd(BaseException):", "    def __str__(self): exit(1)", "def fail(): raise Odd()"];
    const loop = ["async def task(): fail()", "one = asyncio.create_task(task())"];
    const shown = await repl.shown(
      ...lines,
      ...loop,
      "asyncio.get_running_loop().call_soon(fail)",
      "await asyncio.sleep(0)",
    );
    expect(shown.match(/Warning: a task failed and nobody awaited it: [^:]*:/g)).toHaveLength(2);
  });
});

describe("a value that lies about what it is", () => {
  test.each<[string, string]>([
    [
      "class Lie:\n    __class__ = property(lambda self: exit(1))\nlie = Lie()",
      "is a Lie: only JSON can be sent",
    ],
    [
      "class Lie:\n    __class__ = property(lambda self: str)\nlie = Lie()",
      "is a Lie: only JSON can be sent",
    ],
    [
      "class Meta(type):\n    __name__ = property(lambda self: exit(1))\n    def __getattribute__(self, name): exit(1)\nclass Lie(metaclass=Meta): pass\nlie = Lie()",
      "is a Lie: only JSON can be sent",
    ],
    ["lie = type('Lie', (), {})()\ntype(lie).__name__ = 'L' * 10_000", "is a LLLL"],
  ])("is taken for what it is: %s", async (code, message) => {
    expect(await repl.shown(code)).toBe("");
    expect(await repl.shown("echo(lie)")).toContain(message);
  });

  test("of a built-in class with methods of its own crosses as what it holds", async () => {
    const first = await repl.start(
      "fail = lambda self, *rest: exit(1)",
      "own = {name: fail for name in ('__repr__', '__str__', '__len__', '__iter__', '__getitem__', '__bool__')}",
      "text, many = type('Text', (str,), own)('a'), type('Many', (list,), own)([1])",
      "table = type('Table', (dict,), {**own, 'items': fail, 'keys': fail})(a=1)",
      "number = type('Number', (int,), {**own, '__int__': fail, '__index__': fail})(4)",
      "await echo([text, many, table, number])",
    );
    expect(first.calls[0]?.args).toEqual([["a", [1], { a: 1 }, 4]]);
    expect(shownOf(await repl.answer(0, "ok"))).toBe("'ok'");
  });

  test("stands as a name without harm", async () => {
    await repl.start(
      "class Name(str):",
      "    __eq__ = lambda self, other: exit(1)",
      "    __hash__ = str.__hash__",
      "print = None; del print",
      "globals().pop('print', None); globals()[Name('print')] = 3",
    );
    expect(await repl.shown("print('here')")).toBe("here\n");
  });
});
