import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { RLMError } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { BranchLock } from "../../src/branch/branch-lock.ts";
import type { Workspace } from "../../src/index.ts";
import { nextLine, startScript } from "../child-process.ts";
import { observation, run } from "../observation.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function workspaceWithRun(): Promise<{ workspace: Workspace; directory: string; lock: string }> {
  const directory = await temporaryDirectory();
  const workspace = await openedWorkspace(directory);
  await (await workspace.createRun(run("run"))).close();
  return { workspace, directory, lock: join(workspace.branchPaths("run").directory, "lock") };
}

async function lockedMessage(opening: Promise<unknown>): Promise<string> {
  const error = await opening.then(
    () => expect.fail("the branch was opened"),
    (reason: unknown) => reason,
  );
  return RLMError.is(error, "locked") ? error.message : expect.fail(String(error));
}

function identity(change: object): string {
  return JSON.stringify({ host: hostname(), pid: process.pid, started: null, nonce: "n-1", ...change });
}

describe("the lock of a branch", () => {
  test("names the process that holds it and leaves the run readable", async () => {
    const { workspace, directory } = await workspaceWithRun();
    const holder = startScript("hold-branch.ts", [directory, "run"]);
    expect(await nextLine(holder)).toBe("held");
    const message = await lockedMessage(workspace.openRun("run"));
    expect(message).toContain(`process ${holder.process.pid} on this host (${hostname()})`);
    expect(message).toContain("To look at the run meanwhile needs no lock: load it, or rlmflow watch.");
    expect(await lockedMessage(workspace.openRun("run", "main", { force: true }))).toBe(message);
    expect(await workspace.runs()).toMatchObject([{ branches: [{ state: "running" }] }]);
    expect((await workspace.load("run")).length).toBe(0);
  });

  test("is taken from a process that was killed", async () => {
    const { workspace, directory } = await workspaceWithRun();
    const holder = startScript("hold-branch.ts", [directory, "run"]);
    expect(await nextLine(holder)).toBe("held");
    holder.process.kill("SIGKILL");
    await holder.ended;
    const store = await workspace.openRun("run");
    await store.append("root", 0, [observation("root", 0)]);
  });

  test("goes to exactly one of many that find a dead holder at once", async () => {
    const { directory, lock } = await workspaceWithRun();
    for (let round = 0; round < 3; round++) {
      await writeFile(lock, identity({ pid: 2 ** 22 + 1 + round, nonce: `dead-${round}` }));
      const rivals = Array.from({ length: 5 }, () =>
        startScript("hold-branch.ts", [directory, "run", "wait"]),
      );
      await Promise.all(rivals.map(nextLine));
      for (const rival of rivals) rival.process.stdin?.end("go");
      const said = await Promise.all(rivals.map(nextLine));
      expect(said.sort()).toEqual(["held", "locked", "locked", "locked", "locked"]);
      for (const { process: rival } of rivals) rival.kill("SIGKILL");
      await Promise.all(rivals.map(({ ended }) => ended));
    }
  });

  test("passes over successors that died on the way", async () => {
    const { workspace, lock } = await workspaceWithRun();
    await writeFile(lock, identity({ pid: 2 ** 22 + 1, nonce: "a" }));
    await writeFile(`${lock}.a`, identity({ pid: 2 ** 22 + 2, nonce: "b" }));
    await writeFile(`${lock}.b`, identity({ pid: 2 ** 22 + 3, nonce: "c" }));
    const store = await workspace.openRun("run");
    expect((await readdir(join(lock, ".."))).filter((name) => name.includes("lock"))).toEqual(["lock"]);
    expect(await readFile(lock, "utf8")).toContain(`"pid":${process.pid}`);
    await store.close();
    expect((await readdir(join(lock, ".."))).sort()).toEqual(["branch.json", "log.jsonl"]);
  });

  test("waits for a successor that lives", async () => {
    const { workspace, lock } = await workspaceWithRun();
    await writeFile(lock, identity({ pid: 2 ** 22 + 1, nonce: "a" }));
    await writeFile(`${lock}.a`, identity({ pid: process.ppid, nonce: "b" }));
    expect(await lockedMessage(workspace.openRun("run"))).toContain(`process ${process.ppid} on this host`);
  });

  test("of a process whose number is used again counts as free", async () => {
    const { workspace, lock } = await workspaceWithRun();
    await writeFile(lock, identity({ pid: process.ppid, started: "another boot/1" }));
    await (await workspace.openRun("run")).close();
  });

  test("of another host is taken by force alone", async () => {
    const { workspace, lock } = await workspaceWithRun();
    await writeFile(lock, identity({ host: "elsewhere.example", pid: 7 }));
    const message = await lockedMessage(workspace.openRun("run"));
    expect(message).toContain("process 7 on host elsewhere.example");
    expect(message).toContain("open the branch with force");
    const store = await workspace.openRun("run", "main", { force: true });
    await store.append("root", 0, [observation("root", 0)]);
  });

  test("that cannot be read is taken by force alone", async () => {
    const { workspace, lock } = await workspaceWithRun();
    for (const text of ["", "{}", "nonsense", identity({ nonce: "../../x" })]) {
      await writeFile(lock, text);
      expect(await lockedMessage(workspace.openRun("run"))).toContain("its lock cannot be read");
      await (await workspace.openRun("run", "main", { force: true })).close();
    }
  });

  test("says so when this very process holds it", async () => {
    const { workspace, directory } = await workspaceWithRun();
    const store = await workspace.openRun("run");
    const again = await openedWorkspace(directory);
    expect(await lockedMessage(again.openRun("run"))).toContain("this process has it open already");
    await store.close();
    await again.openRun("run");
    await again.close();
  });

  test("is not given back by one from whom it was taken by force", async () => {
    const { workspace, lock } = await workspaceWithRun();
    const store = await workspace.openRun("run");
    await writeFile(lock, identity({ host: "elsewhere.example" }));
    await store.close();
    expect(await readFile(lock, "utf8")).toContain("elsewhere.example");
  });
});

test("nothing is written under a lock that was given back", async () => {
  const lock = await BranchLock.acquire(await temporaryDirectory());
  lock.requireHeld();
  await lock.release();
  expect(() => lock.requireHeld()).toThrow(
    expect.objectContaining({
      code: "protocol_violation",
      details: { invariant: "a branch is written only before its lock is given back" },
    }),
  );
});
