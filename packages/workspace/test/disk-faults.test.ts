import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RLMError, RLMFlow, RunError } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { describe, expect, test } from "vitest";
import type { Workspace, WorkspaceOptions } from "../src/index.ts";
import { failingCalls } from "./failing-system-calls.ts";
import { observation, run as runInfo } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { block } from "./recorded-run.ts";
import { makeReadOnly, makeWritable, smallDisk } from "./small-disk.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

type Reply = (asked: { readonly agentId: string; readonly turn: number }) => string | Promise<string>;

/** A flow whose model has file tools; `asked` counts what it was asked. */
function flowOf(workspace: Workspace, reply: Reply) {
  const asked: string[] = [];
  const client = scriptedClient(({ agentId, turn }) => {
    asked.push(`${agentId} ${turn}`);
    return reply({ agentId, turn });
  });
  const flow = new RLMFlow({ client, runtime: localRuntime(), workspace, tools: fileTools(workspace) });
  return { flow, asked };
}

/** What the work rejects with. */
async function failureOf(work: PromiseLike<unknown>): Promise<RLMError> {
  return await work.then(
    () => expect.fail("it did not fail"),
    (error) => error,
  );
}

/** Each needs more room than a page, so that no page which is there already takes it. */
const WRITES: Readonly<Record<string, string>> = {
  "the log": "print('x'.repeat(20_000))",
  "a blob": "print('x'.repeat(70_000))",
  "a context": "await delegate('part', 'Read.', { context: 'text '.repeat(4_000) })",
  "an agent's file":
    "try { await writeFile('big.txt', 'x'.repeat(20_000)) } catch (error) { print(error.message) }",
  "the log of writes":
    "try { for (let i = 0; i < 40; i++) await writeFile('a' + i, '') } catch (error) { print(error.message) }",
  "what a file was": "try { await writeFile('old.txt', '') } catch (error) { print(error.message) }",
};

describe("a disk that is full before a write of", () => {
  test.for(Object.keys(WRITES))(
    "%s ends the run, which goes on when there is room",
    async (kind, { skip }) => {
      const disk = await smallDisk("size=1m");
      if ("reason" in disk) return skip(disk.reason);
      const workspace = await openedWorkspace(disk.path);
      const ballast = join(disk.path, ".rlmflow-ballast");
      const steps = [
        "await writeFile('old.txt', 'x'.repeat(20_000))",
        WRITES[kind] ?? "",
        "await done('good')",
      ];
      let fills = 1;
      const { flow, asked } = flowOf(workspace, async ({ agentId, turn }) => {
        if (agentId !== "root") return block("await done('read')");
        // More than there is room for: what fits is written.
        if (turn === 1 && fills-- > 0)
          await writeFile(ballast, Buffer.alloc(2_000_000)).catch(() => undefined);
        return block(steps[turn] ?? "");
      });
      const run = flow.run("Go.", { runId: "run" });
      const told: string[] = [];
      const error = await failureOf(
        (async () => {
          for await (const event of run) if (event.type === "node") told.push(event.node.id);
        })(),
      );
      expect(error).toMatchObject({ code: "store_failed", message: expect.stringMatching(/disk is full/) });
      expect(asked).toEqual(["root 0", "root 1"]);
      const kept = (await (await workspace.reader("run")).next()).map(({ id }) => id);
      expect(kept).toEqual(expect.arrayContaining(told));
      await rm(ballast);
      if (!(error instanceof RunError)) throw error;
      expect(await flow.resume(error.graph)).toMatchObject({ answer: "good" });
      await flow.close();
      expect((await workspace.examine("run", "main")).findings).toEqual([]);
    },
  );

  test("a new run, an entry of the inbox or the end of a log is told so, and closing succeeds", async ({
    skip,
  }) => {
    const disk = await smallDisk("size=1m");
    if ("reason" in disk) return skip(disk.reason);
    const workspace = await openedWorkspace(disk.path);
    const store = await workspace.createRun(runInfo("run"));
    await store.append("root", 0, [observation("root", 0)]);
    const ballast = join(disk.path, "ballast");
    await writeFile(ballast, Buffer.alloc(2_000_000)).catch(() => undefined);
    const full = { code: "store_failed", message: expect.stringContaining("make room") };
    const refused = await failureOf(workspace.createRun(runInfo("another")));
    expect(refused).toMatchObject(full);
    expect(refused.message).not.toContain("then resume");
    await expect(store.inbox.put({ kind: "pause" })).rejects.toMatchObject(full);
    await store.close();
    expect(await (await workspace.reader("run")).next()).toHaveLength(1);
    await rm(ballast);
    await (await workspace.createRun(runInfo("another"))).close();
    await (await workspace.openRun("run")).close();
    expect((await workspace.branches()).map(({ runId }) => runId)).toEqual(["another", "run"]);
  });
});

test("a file system that can only be read is told when a branch is opened for writing, and can be read", async ({
  skip,
}) => {
  const disk = await smallDisk("size=1m");
  if ("reason" in disk) return skip(disk.reason);
  const workspace = await openedWorkspace(disk.path);
  const store = await workspace.createRun(runInfo("run"));
  await store.append("root", 0, [observation("root", 0)]);
  await store.close();
  await makeReadOnly(disk.path);
  const refused = { code: "store_failed", message: expect.stringContaining("The file system is read-only") };
  await expect(workspace.openRun("run")).rejects.toMatchObject(refused);
  await expect(workspace.createRun(runInfo("another"))).rejects.toMatchObject(refused);
  expect(await (await workspace.reader("run")).next()).toHaveLength(1);
});

describe("a file system that becomes one that can only be read during a run", () => {
  const OWN: Readonly<Record<string, string>> = {
    ".rlmflow/blobs": "print('x'.repeat(70_000))",
    ".rlmflow/context": "await delegate('part', 'Read.', { context: 'text '.repeat(4_000) })",
    files: "try { await writeFile('files/a.txt', 'text') } catch (error) { print(error.message) }",
  };

  test.for(Object.keys(OWN))(
    "and holds %s ends the run, which goes on when it can be written",
    async (folder, { skip }) => {
      const directory = await temporaryDirectory();
      const disk = await smallDisk("size=1m", join(directory, folder));
      if ("reason" in disk) return skip(disk.reason);
      const workspace = await openedWorkspace(directory);
      const steps = ["await writeFile('files/old.txt', 'old')", OWN[folder] ?? "", "await done('good')"];
      let times = 1;
      const { flow, asked } = flowOf(workspace, async ({ agentId, turn }) => {
        if (agentId !== "root") return block("await done('read')");
        if (turn === 1 && times-- > 0) await makeReadOnly(disk.path);
        return block(steps[turn] ?? "");
      });
      const run = flow.run("Go.", { runId: "run" });
      const told: string[] = [];
      const error = await failureOf(
        (async () => {
          for await (const event of run) if (event.type === "node") told.push(event.node.id);
        })(),
      );
      expect(error).toMatchObject({
        code: "store_failed",
        message: expect.stringMatching(/read-only.*resume/),
      });
      // The words of an agent's file are its own: they name no path of the host.
      expect(error.message).toContain(folder === "files" ? "files/a.txt" : disk.path);
      expect(asked).toEqual(["root 0", "root 1"]);
      const kept = (await (await workspace.reader("run")).next()).map(({ id }) => id);
      expect(kept).toEqual(expect.arrayContaining(told));
      await makeWritable(disk.path);
      if (!(error instanceof RunError)) throw error;
      expect(await flow.resume(error.graph)).toMatchObject({ answer: "good" });
      await flow.close();
      expect((await workspace.examine("run", "main")).findings).toEqual([]);
    },
  );

  test("is refused by the system while it holds the log of a run that moves", async ({ skip }) => {
    const disk = await smallDisk("size=1m");
    if ("reason" in disk) return skip(disk.reason);
    const workspace = await openedWorkspace(disk.path);
    const { flow } = flowOf(workspace, async ({ turn }) => {
      if (turn === 0) return block("print('one')");
      await expect(makeReadOnly(disk.path)).rejects.toThrow(/busy/);
      return block("await done('good')");
    });
    expect((await flow.run("Go.", { runId: "run" })).answer).toBe("good");
    await flow.close();
  });
});

const CODES = ["EIO", "EROFS", "EDQUOT", "ENOSPC", "EMFILE"] as const;

describe.each<Required<Pick<WorkspaceOptions, "durability">>>([
  { durability: "flush" },
  { durability: "fsync" },
])("system calls that fail ($durability)", (options) => {
  const reply: Reply = ({ agentId, turn }) => {
    if (agentId !== "root") return block("await done(CONTEXT.info().characters)");
    return block(
      [
        "const handle = delegate('part', 'Read.', { context: 'text' }); await writeFile('deep/a.txt', 'one')",
        "try { await writeFile('deep/a.txt', 'two') } catch (error) { print(error.message) }; print('x'.repeat(70_000))",
        "await done(await handle)",
      ][turn] ?? "",
    );
  };

  test("end the run wherever it is, and it goes on to its answer", { timeout: 300_000 }, async () => {
    const calls = await failingCalls();
    const undisturbed = flowOf(await openedWorkspace(await temporaryDirectory(), options), reply);
    calls.arm(0, "");
    expect((await undisturbed.flow.run("Go.", { runId: "run" })).answer).toBe(4);
    const whole = [...calls.made];
    calls.disarm();
    await undisturbed.flow.close();
    expect(new Set(whole).size).toBeGreaterThan(options.durability === "fsync" ? 7 : 5);
    for (let at = 1; at <= whole.length; at++) {
      const what = `${whole[at - 1]}, call ${at} of ${whole.length}`;
      const workspace = await openedWorkspace(await temporaryDirectory(), options);
      const { flow, asked } = flowOf(workspace, reply);
      calls.arm(at, CODES[at % CODES.length] ?? "");
      const error = await failureOf(flow.run("Go.", { runId: "run" })).catch(() => expect.fail(what));
      calls.disarm();
      expect(error.code, `${what}: ${error.message}`).toBe("store_failed");
      const paid = asked.length;
      const { answer } = await (error instanceof RunError
        ? flow.resume(error.graph)
        : flow.run("Go.", { runId: "run" }));
      expect(answer, what).toBe(4);
      // A reply that could not be kept is asked for again, and nothing else.
      expect(asked.length, what).toBeLessThanOrEqual(Math.max(paid, 4) + 2);
      await flow.close();
      const findings = (await workspace.examine("run", "main")).findings;
      expect(
        findings.filter(({ severity }) => severity === "problem"),
        what,
      ).toEqual([]);
      await workspace.close();
    }
  });
});

test("a name that can't be made durable fails the new run, which then begins under that name", async () => {
  const calls = await failingCalls();
  const fresh = async () => await openedWorkspace(await temporaryDirectory(), { durability: "fsync" });
  calls.arm(0, "");
  await (await (await fresh()).createRun(runInfo("run"))).close();
  // That of the folder of runs: the run was just moved into it.
  const at = calls.made.indexOf("rename") + 2;
  expect(calls.made[at - 1]).toBe("sync");
  const { flow, asked } = flowOf(await fresh(), () => block("await done('good')"));
  calls.arm(at, "EIO");
  const error = await failureOf(flow.run("Go.", { runId: "run" }));
  calls.disarm();
  expect(error).toMatchObject({ code: "store_failed", message: expect.stringContaining("EIO") });
  expect(asked).toEqual([]);
  expect((await flow.run("Go.", { runId: "run" })).answer).toBe("good");
  await flow.close();
});
