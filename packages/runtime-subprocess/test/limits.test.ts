import { afterAll, describe, expect, test } from "vitest";
import { childrenOf } from "../../../test/processes.ts";
import { subprocessRuntime } from "../src/index.ts";
import { sampleSpec, start } from "./sample-repl.ts";

const isLinux = process.platform === "linux";
afterAll(() => {
  if (isLinux) expect(childrenOf()).toEqual([]);
});

const ESCAPE = `let host; try { await eval("import('x')"); } catch (error) { host = error.constructor.constructor("return process")(); }`;

async function lostBy(options: Parameters<typeof subprocessRuntime>[0], code: string): Promise<unknown> {
  const runtime = subprocessRuntime(options);
  const session = await runtime.open(sampleSpec());
  const { state } = await start(session, code);
  await runtime.close();
  return state;
}

describe("a limit that is broken is named, and the block is blamed", () => {
  test("time that code computes", async () => {
    expect(await lostBy({ timeMs: 200 }, "for (;;);")).toMatchObject({
      kind: "lost",
      blame: "block",
      limit: { name: "timeMs", value: 200, unit: "ms" },
    });
  });

  test("more time for what is on record", async () => {
    const runtime = subprocessRuntime({ timeMs: 100 });
    const session = await runtime.open(sampleSpec());
    const { state } = await session.start({ id: "root#1", code: "for (;;);", now: 1000, replayed: true });
    await runtime.close();
    expect(state).toMatchObject({ blame: "block", limit: { name: "timeMs", value: 500, unit: "ms" } });
  });

  test("time in what can't be interrupted", async () => {
    const code = "[].indexOf.call({ length: 2 ** 53 - 1 }, 1);";
    expect(await lostBy({ timeMs: 200, times: { wallMs: 1500 } }, code)).toMatchObject({
      kind: "lost",
      blame: "block",
      limit: { name: "wallMs", value: 1500, unit: "ms" },
    });
  });

  test("V8's heap", async () => {
    const code = "const full = []; for (;;) full.push(new Array(100000).fill(full.length + 0.5));";
    expect(await lostBy({ memoryMB: 64 }, code)).toMatchObject({
      kind: "lost",
      blame: "block",
      message: "The sandbox is gone: It used more memory than memoryMB allows: 64 MB.",
      limit: { name: "memoryMB", value: 64, unit: "MB" },
    });
  });

  test.runIf(isLinux)("memory outside of the heap", async () => {
    const code = "const full = []; for (;;) { full.push(new Uint8Array(8_000_000).fill(1)); }";
    expect(await lostBy({ rssMB: 300 }, code)).toMatchObject({
      kind: "lost",
      blame: "block",
      limit: { name: "rssMB", value: 300, unit: "MB" },
    });
  });
});

test("a sandbox that dies at the hands of its block says how, without paths of this machine", async () => {
  const die = `${ESCAPE}\nhost.getBuiltinModule("fs").writeSync(2, "at " + host.execPath); host.exit(9);`;
  expect(await lostBy({}, die)).toEqual({
    kind: "lost",
    blame: "block",
    message: "The sandbox is gone: the javascript server exited with code 9. It wrote:\nat node",
  });
});

describe("a REPL that nobody uses", () => {
  test("is ended after idleMs, and its next entry is lost with nobody to blame", async () => {
    const runtime = subprocessRuntime({ times: { idleMs: 300 } });
    const session = await runtime.open(sampleSpec());
    expect((await start(session, "await echo(1)")).state.kind).toBe("idle");
    if (isLinux) await expect.poll(() => childrenOf()).toEqual([]);
    else await new Promise((resolve) => setTimeout(resolve, 1000));
    const answer = { index: 0, outcome: { ok: true, value: 1 }, now: 1 } as const;
    expect((await session.deliver(answer)).state).toMatchObject({
      kind: "lost",
      blame: "none",
      message: "The sandbox is gone: nobody used it for 300 ms.",
    });
    await session.dispose();
    await expect(session.start({ id: "root#2", code: "1", now: 1 })).rejects.toThrow("disposed");
    await runtime.close();
  });

  test("is not what computes for longer, nor what is used now and then", async () => {
    const runtime = subprocessRuntime({ times: { idleMs: 4000 } });
    const session = await runtime.open(sampleSpec());
    const busy = `${ESCAPE}\nconst end = host.uptime() + 5; while (host.uptime() < end); "computed"`;
    expect((await start(session, busy)).state).toMatchObject({ kind: "ended", echo: '"computed"' });
    for (let times = 0; times < 5; times += 1) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect((await session.start({ id: `root#${times}`, code: "42", now: 1 })).state.kind).toBe("ended");
    }
    await session.dispose();
    await runtime.close();
  });
});

test("the event loop stays awake while a sandbox floods its outputs", async () => {
  const runtime = subprocessRuntime({ times: { wallMs: 12_000 } });
  const session = await runtime.open(sampleSpec());
  const flood = `${ESCAPE}\nconst fs = host.getBuiltinModule("fs"); const bytes = new Uint8Array(65536).fill(120); const end = host.hrtime()[0] + 2;
    while (host.hrtime()[0] < end) for (const out of [1, 2]) try { fs.writeSync(out, bytes); } catch {} print("flooded");`;
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    worst = Math.max(worst, performance.now() - last);
    last = performance.now();
  }, 10);
  const { output } = await start(session, flood);
  clearInterval(timer);
  expect(output).toBe("flooded\n");
  expect(worst).toBeLessThan(1900);
  await runtime.close();
});
