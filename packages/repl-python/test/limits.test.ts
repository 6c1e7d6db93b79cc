import { afterAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { NOW, ReplDriver } from "./repl-driver.ts";

const runtime = pythonRuntime(["--time-ms", "1000"]);
const narrow = pythonRuntime(["--time-ms", "25000", "--memory-mb", "400"]);
afterAll(() => Promise.all([runtime.close(), narrow.close()]));

test("an entry that is on record may take five times as long, and no other", async () => {
  const hasty = pythonRuntime(["--time-ms", "300"]);
  const code = "await echo(1)\nwhile True: pass";
  for (const replayed of [true, false]) {
    const { session } = await ReplDriver.open(hasty);
    await session.start({ id: "root#1", code, now: NOW, replayed: true });
    const answer = { index: 0, outcome: { ok: true, value: null }, now: NOW, replayed } as const;
    const { state } = await session.deliver(answer);
    expect(state).toMatchObject({ limit: { name: "timeMs", value: replayed ? 1500 : 300, unit: "ms" } });
  }
  await hasty.close();
});

describe("a block that computes for too long is lost, and the limit named", () => {
  test.each<[string, string]>([
    [
      "in a loop that catches everything",
      "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    ],
    ["in one call that holds the interpreter", "n = 10\n(n ** n ** 9) % 7"],
    ["in an expression that backtracks", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"],
    [
      "with signals and threads against it",
      "import signal, threading\nfor number in (signal.SIGALRM, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\nwhile True: pass",
    ],
    [
      "in a task that is never done",
      "async def spin():\n    while True: await asyncio.sleep(0)\nawait spin()",
    ],
  ])(
    "%s",
    async (_, code) => {
      const repl = await ReplDriver.open(runtime);
      const { state } = await repl.start(code);
      expect(state).toMatchObject({
        kind: "lost",
        blame: "block",
        limit: { name: "timeMs", value: 1000, unit: "ms" },
      });
      await repl.session.dispose();
    },
    120_000,
  );
});

describe("what a block wrote before its REPL was lost is told", () => {
  test.each<[string, string, string]>([
    ["by a loop", "print('ONE'); print('two')\nwhile True: pass", "ONE\ntwo\n"],
    ["by an end of the process", "print('ä😀')\nimport os\nos._exit(3)", "ä😀\n"],
    ["by a signal", "print('ONE')\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "ONE\n"],
    ["by a halt", "print('ONE')\nimport os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "ONE\n"],
    ["by a crash of the interpreter", "print('ONE')\nimport ctypes\nctypes.string_at(0)", "ONE\n"],
    ["silently", "while True: pass", ""],
  ])(
    "%s",
    async (_, code, output) => {
      const repl = await ReplDriver.open(runtime);
      const activation = await repl.start(code);
      expect(activation.state).toMatchObject({ kind: "lost", blame: "block" });
      expect(activation.output).toBe(output);
    },
    120_000,
  );

  test("a fork's words among them, if they were read before the process ended", async () => {
    const repl = await ReplDriver.open(runtime);
    const { output } = await repl.start(
      "import os\nprint('ONE')\nif os.fork() == 0: print('two'); os._exit(0)\nos.wait()\nos._exit(3)",
    );
    // The words of the fork come through the same pipe, in as many pieces as the system makes of them.
    expect(["ONE\n", "ONE\ntwo", "ONE\ntwo\n"]).toContain(output);
  }, 120_000);

  test("of a flood the beginning and the end, and of a later activation that activation's alone", async () => {
    const repl = await ReplDriver.open(runtime);
    const flood = await repl.start(
      "for n in range(5_000): print('line', n)",
      "await echo(1)",
      "print('x' * 300_000)",
      "print('end')",
      "while True: pass",
    );
    expect(flood.output).toContain("line 4999\n");
    const { output } = await repl.answer(0, null);
    expect(output).toMatch(/^x{1000}/);
    expect(output).toMatch(/\n… 237\d+ bytes were not kept …\nx+\nend\n$|… .*not kept.*x+\nend\n$/s);
    expect(output).not.toContain("line");
    expect(output.length).toBeLessThan(110_000);
  }, 120_000);
});

describe("a block that fills the memory", () => {
  test("throws, and the next one goes on", async () => {
    const repl = await ReplDriver.open(narrow);
    const activation = await repl.start(
      "def fill():",
      "    full = []",
      "    while True: full.append(bytearray(1_000_000))",
      "fill()",
    );
    expect(activation.state).toMatchObject({ kind: "threw", error: { name: "MemoryError" } });
    expect(await repl.shown("1 + 1")).toBe("2");
  });
});
