import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime } from "@rlmflow/core";
import { javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, comesTrue, isAlive } from "../../../test/processes.ts";
import { type SubprocessRuntimeOptions, subprocessRuntime } from "../src/index.ts";
import { outputOf, sampleSpec, start } from "./sample-repl.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "subprocess-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Descendants = Readonly<Record<"near" | "leader" | "bare" | "orphan", number>>;
let runs = 0;

/** A runtime whose sandboxes start processes before they serve, and where to read which. */
function withDescendants(options: SubprocessRuntimeOptions = {}): { runtime: Runtime; read(): Descendants } {
  runs += 1;
  const pids = join(folder, `pids-${runs}`);
  const server = {
    ...javascriptLanguage.server,
    file: join(import.meta.dirname, "programs/with-descendants.mjs"),
  };
  const language: ReplLanguage = { ...javascriptLanguage, server };
  const environment = { SERVER: javascriptLanguage.server.file, PIDS: pids };
  const runtime = subprocessRuntime({ language, environment, ...options });
  return { runtime, read: () => JSON.parse(readFileSync(pids, "utf8")) };
}

async function ensureGone(pids: Descendants): Promise<void> {
  const left = () => Object.entries(pids).filter(([, pid]) => isAlive(pid));
  await comesTrue(() => left().length === 0);
  expect(left()).toEqual([]);
}

describe.runIf(process.platform === "linux")("what a sandbox started ends with it", () => {
  test("when its REPL is disposed: the group, what left the group, and what left the family", async () => {
    const { runtime, read } = withDescendants();
    const session = await runtime.open(sampleSpec());
    const pids = read();
    expect(Object.values(pids).filter(isAlive)).toHaveLength(4);
    await session.dispose();
    await ensureGone(pids);
    expect(childrenOf()).toEqual([]);
    await runtime.close();
  });

  test("when the runtime is closed, while a block runs", async () => {
    const { runtime, read } = withDescendants();
    const session = await runtime.open(sampleSpec());
    const activation = start(session, "for (;;);");
    const pids = read();
    await runtime.close();
    await ensureGone(pids);
    expect((await activation).state.kind).toBe("lost");
  });

  test("when the sandbox dies by itself: all but what has neither mark nor parents", async () => {
    const { runtime, read } = withDescendants();
    const session = await runtime.open(sampleSpec());
    const { bare, ...marked } = read();
    const activation = start(session, "await echo(1)");
    await activation;
    const [sandbox = 0] = childrenOf();
    process.kill(sandbox, "SIGKILL");
    expect(await comesTrue(() => !Object.values(marked).some(isAlive))).toBe(true);
    // What the documentation names as out of reach; were it reached, that should be said.
    expect(isAlive(bare)).toBe(true);
    process.kill(bare, "SIGKILL");
    await runtime.close();
  });

  test("a sandbox that ignores SIGTERM ends all the same, in bounded time", async () => {
    const command = [
      process.execPath,
      "--import",
      'data:text/javascript,process.on("SIGTERM",()=>{})',
      javascriptLanguage.server.file,
    ];
    const runtime = subprocessRuntime({ command });
    const session = await runtime.open(sampleSpec());
    void start(session, "for (;;);");
    await runtime.close();
    expect(childrenOf()).toEqual([]);
  });

  test("a sandbox that takes no more bytes does not keep its REPL from being disposed", async () => {
    const deaf = `process.stdout.write('{"type":"hello","protocol":1,"engine":"v8 13.6"}\\n{"type":"opened"}\\n'); setInterval(() => {}, 1000);`;
    const runtime = subprocessRuntime({ command: [process.execPath, "-e", deaf] });
    const session = await runtime.open(sampleSpec());
    const activation = start(session, `"${"x".repeat(900_000)}"`);
    await session.dispose();
    expect((await activation).state.kind).toBe("lost");
    await runtime.close();
    expect(childrenOf()).toEqual([]);
  });

  test("sandboxes that are disposed at once end at once", async () => {
    const runtime = subprocessRuntime();
    const sessions = await Promise.all(Array.from({ length: 8 }, () => runtime.open(sampleSpec())));
    expect(childrenOf()).toHaveLength(8);
    await Promise.all(sessions.map((session) => session.dispose()));
    expect(childrenOf()).toEqual([]);
    expect(await outputOf(runtime, "print(1)")).toBe("1\n");
    await runtime.close();
  });
});
