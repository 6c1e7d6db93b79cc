import { afterAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { NOW, payload, ReplDriver } from "./repl-driver.ts";

const runtime = pythonRuntime(["--time-ms", "3000"]);
afterAll(() => runtime.close());

/** What a block that adds shows after these have run in a fresh REPL. */
async function afterwards(...blocks: readonly string[]): Promise<string> {
  const repl = await ReplDriver.open(runtime, {
    functions: ["echo"],
    contexts: [payload("text", "0123456789")],
  });
  for (const block of blocks) await repl.start(block);
  const shown = await repl.shown("print([6 * 7, len(CONTEXT.read(0, 3))])");
  await repl.session.dispose();
  return shown;
}

describe("what code sets of the interpreter is put back", () => {
  test.each<[string, string]>([
    ["a profiler that raises", "import sys\nsys.setprofile(lambda *rest: exit(1))"],
    ["a tracer that raises", "import sys\nsys.settrace(lambda *rest: exit(1))"],
    ["a low limit of recursion", "import sys\nsys.setrecursionlimit(40)"],
    [
      "a timer whose handler raises",
      "import signal\nsignal.signal(signal.SIGALRM, lambda *rest: exit(1))\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    ],
    ["a timer that ends the process", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)"],
    ["the names of builtins", "import builtins\nvars(builtins).clear()"],
    ["the names of asyncio", "for name in list(vars(asyncio)): delattr(asyncio, name)"],
    ["the table of modules", "import sys\nsys.modules.clear()"],
    ["another table of modules", "import sys\nsys.modules = None"],
    [
      "every name of the library that the REPL stands on",
      "import json, json.encoder, json.decoder, ast, textwrap, inspect, linecache, warnings, heapq, collections, queue, threading, os, time, re, decimal, math, bisect, contextvars, signal, gc, types, io\nfor module in (json, json.encoder, json.decoder, ast, textwrap, inspect, linecache, warnings, heapq, collections, queue, threading, os, time, re, decimal, math, bisect, contextvars, signal, gc, types, io):\n    for name in list(vars(module)):\n        if not name.startswith('__'): setattr(module, name, None)\nimport sys\nfor name in ('json', 'os'): sys.modules.pop(name)",
    ],
    ["the loop's callbacks", "asyncio.Handle._run = lambda self: exit(1)"],
    [
      "the futures of calls",
      "kind = type(echo(1))\nkind.resolve = kind.set_result = kind.done = lambda *rest: exit(1)",
    ],
    ["the output", "import sys\nsys.stdout = sys.stderr = sys.__stdout__ = None"],
  ])("%s", async (_, block) => {
    expect(await afterwards(block)).toBe("[42, 3]\n");
  });
});

describe("threads that outlive their block", () => {
  test("write nothing into a later one's activation once it is told, and read no context between blocks", async () => {
    const repl = await ReplDriver.open(runtime, { contexts: [payload("text", "0123456789")] });
    await repl.start(
      "import threading",
      "failures = set()",
      "def read():",
      "    while True:",
      "        try: CONTEXT.read(0, 5)",
      "        except Exception as error: failures.add(str(error))",
      "for _ in range(3): threading.Thread(target=read, daemon=True).start()",
    );
    for (let round = 0; round < 20; round += 1) expect(await repl.shown("CONTEXT.read(2, 4)")).toBe("'23'");
    expect(await repl.shown("failures")).toContain("CONTEXT can be read while a block runs, and none does");
  });
});

describe("finalizers", () => {
  test("that print while something is printed hold nothing up", async () => {
    const repl = await ReplDriver.open(runtime);
    const shown = await repl.shown(
      "import gc",
      "class Noisy:",
      "    def __del__(self): print('bye')",
      "gc.set_threshold(1)",
      "for _ in range(300):",
      "    noisy = Noisy(); noisy.itself = noisy",
      "    print('on')",
    );
    expect(shown.match(/bye/g)?.length).toBeGreaterThan(100);
  });

  test("of an asynchronous generator that was left run in the block", async () => {
    const repl = await ReplDriver.open(runtime);
    const shown = await repl.shown(
      "async def count():",
      "    try:",
      "        while True: yield 1",
      "    finally:",
      "        await asyncio.sleep(0)",
      "        print('closed')",
      "async for one in count(): break",
      "await asyncio.sleep(0.1)",
    );
    expect(shown).toBe("closed\n");
  });
});

describe("descriptors", () => {
  test("that code counts up to are not those of the REPL", async () => {
    const repl = await ReplDriver.open(runtime);
    const frame = '{"type":"activation","entry":1,"activation":"{}"}\\n';
    const write = ["import os", "for number in range(3, 300):"];
    const forged = ["    try: os.write(number, b'", frame, "')", "\n    except OSError: pass"].join("");
    expect(await repl.shown(...write, forged, "os.closerange(3, 300)", "'here'")).toBe("'here'");
    expect(await repl.shown("6 * 7")).toBe("42");
  });

  test("that are closed end the REPL, and no time limit is lost with them", async () => {
    const repl = await ReplDriver.open(runtime);
    const { state } = await repl.start("import os", "os.closerange(0, 65536)", "while True: pass");
    expect(state).toMatchObject({ kind: "lost", blame: "block" });
    const named =
      process.platform === "linux" ? "Code closed descriptors of the REPL" : "The sandbox is gone";
    expect(state.kind === "lost" && state.message).toContain(named);
  });
});

test("a process forked by a block ends where it would answer for the REPL", async () => {
  const repl = await ReplDriver.open(runtime);
  const lines = [
    "import os",
    "child = os.fork()",
    "if child == 0: print('twice')",
    "else: print(os.waitpid(child, 0)[1])",
  ];
  expect(await repl.shown(...lines)).toBe("twice\n0\n");
  expect(await repl.shown("6 * 7")).toBe("42");
});

test("a sleep without end is one that nothing ends, and time stays as it is", async () => {
  const repl = await ReplDriver.open(runtime);
  expect(await repl.shown("await asyncio.sleep(float('inf'))")).toBe("<idle>");
  expect(await repl.shown("import time", "time.sleep(float('inf'))")).toContain(
    "ValueError: a sleep takes from 0 to",
  );
  expect(await repl.shown("time.time() * 1000")).toBe(`${NOW}.0`);
});

test("a REPL that code has broken says what broke", async () => {
  const repl = await ReplDriver.open(runtime);
  const { state } = await repl.start("asyncio.get_running_loop()._step = None");
  expect(state).toMatchObject({
    kind: "lost",
    message: expect.stringContaining("The REPL broke down, perhaps by what code did to it: TypeError:"),
  });
});
