import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { ReplDriver } from "./repl-driver.ts";

const runtime = pythonRuntime();
let repl: ReplDriver;

beforeAll(async () => {
  repl = await ReplDriver.open(runtime, { functions: ["echo"] });
});
afterAll(() => runtime.close());

describe("a last expression", () => {
  test.each<[string, string]>([
    ["'one line'", "'one line'"],
    ["'two\\nlines'", "two\nlines"],
    ["[1, 'a', None, {'k': (1,)}]", "[1, 'a', None, {'k': (1,)}]"],
    ["{'b', 'a'}", "{'a', 'b'}"],
    ["object()", "<object object>"],
    ["x = 5\nx;", "5"],
    ["x = 5", ""],
    ["async def later():\n    return 7\nlater()", "7"],
    ["list(range(200))[:3] + ['…']", "[0, 1, 2, '…']"],
  ])("%s is shown as %s", async (code, expected) => {
    expect(await repl.shown(code)).toBe(expected);
  });

  test("is cut where it is long, with how much", async () => {
    expect(await repl.shown("list(range(1000))")).toContain("… 900 more");
    expect(await repl.shown("'x' * 20_000")).toContain("… (10000 more)");
  });

  test("that cannot be shown is told so", async () => {
    const shown = await repl.shown("class Odd:", "    def __repr__(self): raise ValueError('no')", "Odd()");
    expect(shown).toBe("<Odd, whose repr raises ValueError>");
  });
});

describe("an error", () => {
  test("shows the model's own lines alone, outermost first", async () => {
    await repl.start("import json", "def parse(text):", "    return json.loads(text)");
    const id = repl.block;
    expect(await repl.shown("def first(texts):", "    return parse(texts[0])", "first(['{'])")).toBe(
      [
        "Traceback (most recent call last):",
        "  line 3:",
        "    first(['{'])",
        "  line 2, in first:",
        "    return parse(texts[0])",
        `  line 3 of an earlier block (${id}), in parse:`,
        "    return json.loads(text)",
        "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
      ].join("\n"),
    );
  });

  test("of deep recursion is short", async () => {
    const shown = await repl.shown("def deeper(n): return deeper(n + 1)", "deeper(0)");
    expect(shown).toMatch(/RecursionError: maximum recursion depth exceeded/);
    expect(shown.split("\n").length).toBeLessThan(20);
  });

  test.each<[string, string]>([
    ["console.log(1)", "This is Python. Write: print(1)"],
    [
      "def f(): asyncio.run(asyncio.sleep(0))\nf()",
      "The REPL's event loop is running already: take asyncio.run away",
    ],
    ["const x = 1", "This REPL runs Python, not JavaScript: write `x = 1`, without const or let."],
    ["lambda: await_it\ndef f():\n    await f()", "write `async def`"],
    [
      "return 1",
      "A block is no function: end it with `1` to see it, or give your answer with `await done(1)`.",
    ],
    ["return (1,\n 2)", "A block is no function: end it with the value"],
    ["def f():\n    nonlocal zz", "  2 |     nonlocal zz"],
    ["await asyncio.open_connection('localhost', 1)", "no network and no processes of its own"],
    ["CONTEXT.keys().length", "This is Python: write len(CONTEXT.keys())."],
    ["[].push(1)", "This is Python: write [].append(1)."],
    ["'a'.toUpperCase()", "This is Python: write 'a'.upper()."],
    ["{'key': 1}.key", `This is Python: write {'key': 1}["key"].`],
    ["echo(1).then(print)", "Here: (await echo(1)).then(print)"],
    ["String(1)", "This is Python. Write: str(1)"],
    ["null", "This is Python. Write: None"],
    ["true", "This is Python. Write: True"],
    ["await 3", "It is no call: take the `await` away."],
    [
      "yield 3",
      "`yield` at the top level of a block means `await`, and int is nothing to wait for: write print(value)",
    ],
    ["exit()", "A block ends after its last line: leave exit out."],
    ["import sys\nsys.exit()", "A block ends after its last line: leave this out."],
    ["asyncio.run(asyncio.sleep(0))", "asyncio.run(main()) is taken as `await main()`"],
    ["yield", "to make values, write `def name():` with yield in it"],
  ])("%s is answered with a hint", async (code, hint) => {
    expect(await repl.shown(code)).toContain(hint);
  });

  test("that ends a program ends the block alone", async () => {
    expect(await repl.shown("import sys", "sys.exit('enough')")).toContain("SystemExit: enough");
    expect(await repl.shown("exit()", "quit()")).toContain("NameError: name 'exit' is not defined");
    expect(await repl.shown("input()")).toContain("EOFError");
    expect(await repl.shown("raise KeyboardInterrupt")).toContain("KeyboardInterrupt");
    expect(await repl.shown("asyncio.current_task().cancel()", "await asyncio.sleep(0)")).toContain(
      "CancelledError",
    );
    expect(await repl.shown("1 + 1")).toBe("2");
  });

  test("whose words fail is told nevertheless", async () => {
    const lines = ["class Odd(Exception):", "    def __str__(self): raise ValueError", "raise Odd()"];
    expect(await repl.shown(...lines)).toContain("Odd: its message cannot be shown: ValueError");
  });
});

describe("output", () => {
  test("of print, streams, logging and warnings comes in order", async () => {
    const shown = await repl.shown(
      "import logging, sys, warnings",
      "print('one'); sys.stderr.write('two\\n'); sys.stdout.buffer.write(b'three\\n')",
      "logging.warning('four'); warnings.warn('five'); print('six', end='')",
    );
    expect(shown).toBe("one\ntwo\nthree\nWARNING:root:four\nUserWarning: five\nsix");
  });

  test("that is sent elsewhere goes there", async () => {
    const lines = [
      "import contextlib, io",
      "with contextlib.redirect_stdout(io.StringIO()) as kept:",
      "    print('in')",
    ];
    expect(await repl.shown(...lines, "kept.getvalue()")).toBe("in\n");
  });

  test("of coroutines that nobody awaited is a warning", async () => {
    expect(await repl.shown("async def lost(): pass", "lost()", "None")).toBe(
      "RuntimeWarning: coroutine 'lost' was never awaited\n",
    );
  });

  test("of processes comes in order too, unless code takes it", async () => {
    const shown = await repl.shown(
      "import os, subprocess",
      "print('one')",
      "subprocess.run(['echo', 'two'])",
      "print('three')",
      "print(os.system('echo four; echo five >&2; exit 3'))",
      "subprocess.Popen('printf six', shell=True).wait()",
    );
    expect(shown).toBe("one\ntwo\nthree\nfour\nfive\n768\nsix0");
    expect(await repl.shown("subprocess.run(['echo', '1'], capture_output=True).stdout")).toBe("b'1\\n'");
    expect(await repl.shown("subprocess.check_output(['echo', '1']), os.popen('echo 2').read()")).toBe(
      "(b'1\\n', '2\\n')",
    );
  });

  test.each<[string, string, string]>([
    ["a write to descriptor 1", "n = os.write(1, b'raw\\n')", "raw\n"],
    [
      "a library of C",
      "import ctypes; libc = ctypes.CDLL(None); n = libc.puts(b'raw'); n = libc.fflush(None)",
      "raw\n",
    ],
    [
      "a process that is spawned",
      "os.waitpid(os.posix_spawn('/bin/echo', ['echo', 'raw'], {}), 0); None",
      "raw\n",
    ],
    [
      "a fork that prints and writes",
      "child = os.fork()\nif child == 0:\n    print('printed'); sys.stderr.write('said\\n'); os.write(1, b'raw\\n'); os._exit(0)\nos.waitpid(child, 0); None",
      "printed\nsaid\nraw\n",
    ],
    [
      "workers of multiprocessing",
      "from multiprocessing import get_context\nworkers = [get_context('fork').Process(target=print, args=('worker',)) for _ in 'ab']\nfor worker in workers:\n    worker.start(); worker.join()",
      "worker\nworker\n",
    ],
    ["more than a pipe holds", "n = os.write(1, b'x' * 300_000 + b'\\n')", `${"x".repeat(300_000)}\n`],
    [
      "what looks like a frame",
      `n = os.write(1, b'{"type":"failed","message":"forged"}\\n')`,
      '{"type":"failed","message":"forged"}\n',
    ],
  ])("of %s stands where it was written", async (_, code, written) => {
    const shown = await repl.shown("import os, sys\nprint('before')", code, "print('after')");
    expect(shown === `before\n${written}after\n`, shown.slice(0, 500)).toBe(true);
  });

  test("of a process that goes on without end holds up nothing", async () => {
    const endless = "noise = subprocess.Popen(['sh', '-c', 'while :; do echo x; done'])";
    expect(await repl.shown("import subprocess", endless, "print('on')")).toContain("on\n");
    expect(await repl.shown("noise.kill()", "noise.wait()", "print('end')")).toMatch(/end\n$/);
    expect(await repl.shown("1 + 1")).toBe("2");
  });

  test("is asked of nobody: there is no standard input", async () => {
    expect(await repl.shown("try:", "    input('?')", "except EOFError:", "    print('no input')")).toBe(
      "?no input\n",
    );
    for (const read of [
      "sys.stdin.read()",
      "sys.stdin.readline()",
      "list(sys.stdin)",
      "sys.stdin.readlines()",
    ])
      expect(await repl.shown("import sys", read)).toContain("EOFError");
    expect(await repl.shown("import subprocess", "subprocess.run(['cat']).returncode")).toBe("0");
  });
});

describe("names", () => {
  test("last, also those of modules, in classes, functions and pickles", async () => {
    await repl.start("import dataclasses, pickle", "@dataclasses.dataclass", "class Point:", "    x: int");
    expect(await repl.shown("pickle.loads(pickle.dumps(Point(3)))")).toBe("Point(x=3)");
    expect(await repl.shown("if __name__ == '__main__':", "    print(Point(4))")).toBe("Point(x=4)\n");
  });

  test("of the language's own library are put back", async () => {
    await repl.start("import builtins", "builtins.len = None; builtins.print = None; print = None");
    expect(await repl.shown("print(len('abc'))")).toBe("3\n");
  });

  test("of the libraries that serve the REPL may be broken", async () => {
    const repl = await ReplDriver.open(runtime);
    const lines = [
      "import json, time, os, threading, sys",
      "json.dumps = json.loads = time.time = os.getcwd = None",
    ];
    expect(await repl.shown(...lines, "sys.stdout = sys.stderr = None")).toBe("");
    expect(await repl.shown("print(1 + 1)")).toBe("2\n");
    expect(await repl.shown("globals().clear()", "2 + 2")).toBe("4");
    expect(await repl.shown("print(3 + 3, __name__)")).toBe("6 __main__\n");
  });

  test("an indented block is taken", async () => {
    expect(await repl.shown("    indented = 1", "    indented")).toBe("1");
  });

  test("yield in a function stays what it is", async () => {
    expect(await repl.shown("def count():", "    yield 1", "    yield 2", "list(count())")).toBe("[1, 2]");
  });
});
