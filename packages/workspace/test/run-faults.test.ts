import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FlowOptions, Graph, RLMError, RLMFlow, type Run, type RunError } from "@rlmflow/core";
import type { PayloadStore, RunStores, Store } from "@rlmflow/core/store";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun, type Script, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import type { Workspace } from "../src/index.ts";
import { nextLine, startScript } from "./child-process.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { smallDisk } from "./small-disk.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

function block(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}

/** A root with two children, state in its variables, output large enough for blobs, and a text passed on. */
const script: Script = ({ agentId, turn }) => {
  if (agentId === "root")
    return block(
      [
        "let sum = 1; const handles = [1, 2].map((n) => delegate('part', 'Part ' + n, { context: 'text ' + n }))",
        "for (const handle of handles) sum += await handle; print('x'.repeat(70000))",
        "done(sum)",
      ][turn] ?? "done('too far')",
    );
  return block(turn === 0 ? "const length = CONTEXT.info().characters" : "done(length)");
};

const ANSWER = 13;

function flowOf(workspace: RunStores, asked: string[] = [], options: Partial<FlowOptions> = {}): RLMFlow {
  const client = scriptedClient((request) => {
    asked.push(`${request.agentId} ${request.turn}`);
    return typeof script === "function" ? script(request) : "";
  });
  return new RLMFlow({ client, runtime: localRuntime(), workspace, ...options });
}

/** Runs to the failure and gives it with every node that was told of. */
async function failure(run: Run): Promise<{ readonly error: RunError; readonly told: readonly string[] }> {
  const told: string[] = [];
  try {
    for await (const event of run) if (event.type === "node") told.push(event.node.id);
  } catch (error) {
    if (RLMError.is(error) && "graph" in error) return { error: error as RunError, told };
    throw error;
  }
  throw new Error("the run did not fail");
}

async function nodesOf(workspace: Workspace): Promise<readonly string[]> {
  return (await (await workspace.reader("run")).next()).map(({ id }) => id);
}

async function checkWhole(workspace: Workspace): Promise<void> {
  const store = await workspace.openRun("run");
  const runtime = localRuntime();
  try {
    await checkRun(Graph.fromNodes(store.run, await store.read()), { store, runtimes: { default: runtime } });
  } finally {
    await store.close();
    await runtime.close();
  }
}

type Fault = "before the write" | "after the write";

/** Stores whose n-th append or payload fails, before or after it was kept; everything after it fails too. */
function failingAt(
  workspace: Workspace,
  at: number,
  fault: Fault,
): RunStores & { readonly count: () => number } {
  let count = 0;
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    count += 1;
    if (count === at && fault === "after the write") await work();
    if (count >= at)
      throw new RLMError(
        "store_failed",
        "The disk is full: make room, then start the run, or resume it if it had begun.",
      );
    return await work();
  };
  const failing = (payloads: PayloadStore): PayloadStore => ({
    putBlob: (text) => attempt(() => payloads.putBlob(text)),
    getBlob: (digest) => payloads.getBlob(digest),
    putContext: (text) => attempt(() => payloads.putContext(text)),
    openContext: (digest) => payloads.openContext(digest),
  });
  const wrap = async (opening: Promise<Store>): Promise<Store> => {
    const store = await opening;
    return {
      protocol: 1,
      run: store.run,
      append: (agentId, n, nodes) => attempt(() => store.append(agentId, n, nodes)),
      read: () => store.read(),
      close: () => store.close(),
      payloads: failing(store.payloads),
    };
  };
  return {
    payloads: failing(workspace.payloads),
    createRun: (run, nodes) => wrap(attempt(() => workspace.createRun(run, nodes))),
    openRun: (runId, branchId) => wrap(workspace.openRun(runId, branchId)),
    forkRun: (run, nodes) => wrap(workspace.forkRun(run, nodes)),
    count: () => count,
  };
}

describe.each<Fault>(["before the write", "after the write"])("a store that fails %s", (fault) => {
  test("ends the run wherever it fails; nothing told is missing, and the run goes on to its answer", {
    timeout: 300_000,
  }, async () => {
    const whole = failingAt(await openedWorkspace(), Number.POSITIVE_INFINITY, fault);
    const undisturbed = flowOf(whole);
    expect((await undisturbed.run("Go.", { runId: "run" })).answer).toBe(ANSWER);
    await undisturbed.close();
    expect(whole.count()).toBeGreaterThan(20);
    for (let at = 2; at <= whole.count(); at++) {
      const workspace = await openedWorkspace();
      const flow = flowOf(failingAt(workspace, at, fault));
      const { error, told } = await failure(flow.run("Go.", { runId: "run" }));
      expect(error.code, `write ${at}`).toBe("store_failed");
      expect([...error.graph.walk()].map(({ id }) => id)).toEqual(told);
      await flow.close();
      expect(await nodesOf(workspace)).toEqual(expect.arrayContaining([...told]));
      const kept = await workspace.load("run");
      const asked: string[] = [];
      const next = flowOf(workspace, asked);
      const { answer } = await next.resume(kept);
      await next.close();
      expect(answer, `write ${at}`).toBe(ANSWER);
      const replies = [...kept.walk()].filter((node) => node.type === "action");
      for (const agentId of kept.agents())
        expect(asked.filter((one) => one.startsWith(`${agentId} `)).length).toBe(
          (agentId === "root" ? 3 : 2) - replies.filter((node) => node.agentId === agentId).length,
        );
      await checkWhole(workspace);
    }
  });
});

describe("a disk that is full in the middle of a run", () => {
  test("ends the run, which goes on in the same flow when there is room", {
    timeout: 300_000,
  }, async ({ skip }) => {
    const disk = await smallDisk("size=1m");
    if ("reason" in disk) return skip(disk.reason);
    const workspace = await openedWorkspace(disk.path);
    const ballast = join(disk.path, "ballast");
    let fills = 1;
    const flow = flowOf(workspace, [], {
      onAction: async (action) => {
        // More than there is room for: what fits is written, so that the disk is full.
        if (action.id === "root#3" && fills-- > 0)
          await writeFile(ballast, Buffer.alloc(2_000_000)).catch(() => undefined);
        return { kind: "run" };
      },
    });
    const { error, told } = await failure(flow.run("Go.", { runId: "run" }));
    expect(error).toMatchObject({ code: "store_failed", message: expect.stringContaining("make room") });
    expect(await nodesOf(workspace)).toEqual(expect.arrayContaining([...told]));
    await rm(ballast);
    const { answer } = await flow.resume(error.graph);
    expect(answer).toBe(ANSWER);
    await flow.close();
    await checkWhole(workspace);
  });
});

describe("two processes on one workspace", () => {
  test("the second cannot write the run, and both may read it", async () => {
    const directory = await temporaryDirectory();
    const workspace = await openedWorkspace(directory);
    const held = Promise.withResolvers<string>();
    const asked = Promise.withResolvers<void>();
    await using flow = new RLMFlow({
      client: scriptedClient(({ turn }) => {
        if (turn === 0) return block("print('once')");
        asked.resolve();
        return held.promise;
      }),
      runtime: localRuntime(),
      workspace,
    });
    const run = flow.run("Go.", { runId: "run" });
    await asked.promise;
    const other = startScript("hold-branch.ts", [directory, "run"]);
    expect(await nextLine(other)).toBe("locked");
    const reading = await openedWorkspace(directory);
    const reader = await reading.reader("run");
    expect((await reader.next()).map(({ id }) => id)).toEqual(["root#0", "root#1", "root#2"]);
    await using second = flowOf(reading);
    const error = await second.resume(await reading.load("run")).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "locked", message: expect.stringContaining("has it open already") });
    held.resolve(block("done('by the first')"));
    expect((await run).answer).toBe("by the first");
    expect((await reader.next()).map(({ type }) => type)).toEqual(["action", "result"]);
  });
});
