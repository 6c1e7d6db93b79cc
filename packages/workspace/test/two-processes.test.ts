import { spawnSync } from "node:child_process";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RLMError } from "@rlmflow/core";
import { expect, test } from "vitest";
import { nextLine, startScript } from "./child-process.ts";
import { observation, run } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const HOOKS = join(import.meta.dirname, "source-hooks.ts");
const HOLD = join(import.meta.dirname, "hold-branch.ts");
const UNSHARE = ["--pid", "--fork", "--mount-proc"];

/** What a process that opens the branch in a PID namespace of its own says first; it ends by itself. */
function saidInNamespace(directory: string): string {
  const { stdout, stderr } = spawnSync(
    "unshare",
    [...UNSHARE, process.execPath, "--import", HOOKS, HOLD, directory, "run", "once"],
    {
      encoding: "utf8",
    },
  );
  return `${stdout}${stderr}`.trim();
}

const cannotUnshare = spawnSync("unshare", [...UNSHARE, "true"]).status !== 0;

async function workspaceWithRun() {
  const workspace = await openedWorkspace(await temporaryDirectory());
  await (await workspace.createRun(run("run"))).close();
  return { workspace, ...workspace.branchPaths("run") };
}

test.skipIf(cannotUnshare)(
  "a living holder is seen from another PID namespace, also when it is stopped",
  async () => {
    const { workspace } = await workspaceWithRun();
    const holder = startScript("hold-branch.ts", [workspace.directory, "run"]);
    expect(await nextLine(holder)).toBe("held");
    expect(saidInNamespace(workspace.directory)).toBe("locked");
    holder.process.kill("SIGSTOP");
    expect(saidInNamespace(workspace.directory)).toBe("locked");
    holder.process.kill("SIGKILL");
    await holder.ended;
    expect(saidInNamespace(workspace.directory)).toBe("held");
  },
);

test("a holder without a socket in another namespace is locked until force is used", async () => {
  const { workspace, directory } = await workspaceWithRun();
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "none")).trim();
  const kernel = { boot, namespace: "pid:[1]" };
  const { hostname } = await import("node:os");
  const identity = { host: hostname(), pid: 2 ** 22 + 1, started: null, nonce: "n", kernel };
  await writeFile(join(directory, "lock"), JSON.stringify(identity));
  await expect(workspace.openRun("run")).rejects.toMatchObject({
    code: "locked",
    message: expect.stringMatching(
      /whether it still runs can.t be checked from here.*open the branch with force/,
    ),
  });
  await workspace.openRun("run", "main", { force: true });
});

test("a process whose lock was taken writes nothing more and cuts nothing off", async () => {
  const { workspace, directory, log } = await workspaceWithRun();
  const store = await workspace.openRun("run");
  await store.append("root", 0, [observation("root", 0)]);
  await rm(join(directory, "lock"));
  const other = await openedWorkspace(workspace.directory);
  const successor = await other.openRun("run");
  await successor.append("root", 1, [observation("root", 1)]);
  const kept = await readFile(log, "utf8");
  const error = await store.append("root", 1, [observation("root", 1, "twice")]).catch((reason) => reason);
  expect(RLMError.is(error, "lost_race") && error.message).toContain(
    "Another process has taken over the branch",
  );
  await store.close();
  expect(await readFile(log, "utf8")).toBe(kept);
  await successor.append("root", 2, [observation("root", 2)]);
  await successor.close();
  expect((await other.openRun("run")).repaired).toEqual({ droppedBytes: 0 });
});

test.each<[string, (directory: string) => Promise<void>]>([
  ["removed", (directory) => rm(directory, { recursive: true })],
  ["renamed", (directory) => rename(directory, `${directory} moved`)],
])("a workspace that was %s takes nothing more, and nothing is made in its place", async (_, change) => {
  const directory = join(await temporaryDirectory(), "workspace");
  const workspace = await openedWorkspace(directory);
  const store = await workspace.createRun(run("run"));
  await store.append("root", 0, [observation("root", 0)]);
  await change(directory);
  const tried = await Promise.allSettled([
    store.append("root", 1, [observation("root", 1)]),
    store.payloads.putBlob('"a value"'),
    store.payloads.putContext("a context"),
    store.inbox.put({ kind: "pause" }),
    workspace.createRun(run("another")),
    (async () => workspace.filesOf("run/main/root#0/0"))(),
  ]);
  for (const one of tried)
    expect(one.status === "rejected" && one.reason).toMatchObject({ code: "store_failed" });
  await store.close();
  await expect(readFile(directory)).rejects.toMatchObject({ code: "ENOENT" });
});
