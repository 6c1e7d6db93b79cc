import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";
import { NOW, ReplDriver, shownOf } from "./repl-driver.ts";

const runtime = pythonRuntime();
let repl: ReplDriver;

beforeAll(async () => {
  repl = await ReplDriver.open(runtime);
});
afterAll(() => runtime.close());

describe("sleep", () => {
  test("takes no time and moves the clock", async () => {
    const lines = ["import time", "then = time.time()", "time.sleep(600); await asyncio.sleep(3600)"];
    expect(await repl.shown(...lines, "time.time() - then")).toBe("4200.0");
  });

  test("lets those who sleep less go first", async () => {
    const lines = [
      "async def say(seconds):",
      "    await asyncio.sleep(seconds)",
      "    print(seconds)",
      "await asyncio.gather(say(3), say(1), say(2))",
      "None",
    ];
    expect(await repl.shown(...lines)).toBe("1\n2\n3\n");
  });

  test("does not pass while the host is asked", async () => {
    const first = await repl.start(
      "async def late():",
      "    await asyncio.sleep(5)",
      "    print('late')",
      "task = asyncio.create_task(late())",
      "print(await asyncio.wait_for(echo(1), timeout=10))",
      "await task",
    );
    expect(first.output).toBe("");
    const base = NOW + 4_200_000 + 3_000;
    const second = await repl.answer(0, "in time", base + 2_000);
    expect(shownOf(second)).toBe("in time\nlate\n");
  });

  test("ends when an answer brings its time, and a timeout with it", async () => {
    const first = await repl.start(
      "async def impatient():",
      "    try:",
      "        await asyncio.wait_for(echo('slow'), timeout=1)",
      "    except asyncio.TimeoutError:",
      "        print('too late')",
      "await asyncio.gather(impatient(), echo('other'))",
      "None",
    );
    expect(first.calls.length).toBe(2);
    const other = first.calls.find(({ args }) => args[0] === "other")?.index ?? -1;
    expect(shownOf(await repl.answer(other, null, NOW + 100_000_000))).toBe("too late\n");
  });
});

describe("time and chance", () => {
  test("are the same in another REPL, and moved by nothing but answers", async () => {
    const lines = [
      "import datetime, os, random, secrets, tempfile, time, uuid",
      "clocks = [time.time(), time.monotonic(), time.perf_counter_ns(), datetime.datetime.utcnow(), datetime.date.today()]",
      "draws = [random.random(), random.Random().random(), random.SystemRandom().random(), secrets.token_hex(4), uuid.uuid4()]",
      "more = [os.urandom(4), hash('text'), list({'a', 'b', 'c'}), time.strftime('%H:%M %Z'), time.localtime().tm_hour]",
      "[clocks, draws, more]",
    ];
    const seen = [];
    for (const seed of ["one", "one", "two"]) {
      const other = await ReplDriver.open(runtime, { seed });
      seen.push(
        await other.shown("import warnings; warnings.simplefilter('ignore')"),
        await other.shown(...lines),
      );
      await other.session.dispose();
    }
    expect(seen[1]).toBe(seen[3]);
    expect(seen[5]).not.toBe(seen[1]);
    expect(seen[1]).toContain("2023, 11, 14, 22, 13, 20");
  });

  test("dates stay dates", async () => {
    const lines = [
      "import copy, datetime, pickle",
      "now = datetime.datetime.now()",
      "later = now + datetime.timedelta(days=1)",
      "kept = pickle.loads(pickle.dumps(copy.deepcopy(later)))",
      "own = type('Own', (datetime.datetime,), {})",
      "parsed = datetime.datetime.strptime('2020', '%Y')",
      "[kept == later, isinstance(parsed, datetime.datetime), isinstance(now, datetime.date), isinstance(now, own), parsed]",
    ];
    expect(await repl.shown(...lines)).toBe("[True, True, True, False, datetime.datetime(2020, 1, 1, 0, 0)]");
  });
});

describe("threads", () => {
  test("are waited for, and their results come to the block", async () => {
    const lines = [
      "import threading, time",
      "def work(n):",
      "    time.sleep(0.05)",
      "    return n * 2",
      "await asyncio.gather(*[asyncio.to_thread(work, n) for n in range(3)])",
    ];
    expect(await repl.shown(...lines)).toBe("[0, 2, 4]");
  });

  test("and processes of libraries have the system's time to wait by", async () => {
    const lines = [
      "import multiprocessing, queue, subprocess, sys, threading",
      "with multiprocessing.get_context('fork').Pool(2) as pool:",
      "    print(pool.map(abs, [-1, -2]), threading.Event().wait(0.05))",
      "try:",
      "    subprocess.run([sys.executable, '-c', 'import time; time.sleep(30)'], timeout=0.2)",
      "except subprocess.TimeoutExpired:",
      "    print('too late')",
    ];
    expect(await repl.shown(...lines)).toBe("[1, 2] False\ntoo late\n");
  });

  test("can't ask the host", async () => {
    const shown = await repl.shown("await asyncio.to_thread(lambda: echo(1))");
    expect(shown).toContain("RuntimeError: the host is called from the block itself, not from a thread");
  });
});
