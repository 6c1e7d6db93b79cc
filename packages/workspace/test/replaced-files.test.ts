import { execFileSync } from "node:child_process";
import {
  appendFile,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { type RLMError, RLMFlow, RunError } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { describe, expect, test } from "vitest";
import type { Workspace } from "../src/index.ts";
import { sealLine } from "../src/log/log-line.ts";
import { observation, run as runInfo } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { block } from "./recorded-run.ts";

/** Two writes, with something that happens before the second request is answered. */
function flowOf(workspace: Workspace, before: (turn: number) => Promise<unknown> = async () => {}) {
  const steps = ["await writeFile('a.txt', 'one')", "await writeFile('b.txt', 'two')", "await done('good')"];
  const asked: number[] = [];
  const client = scriptedClient(async ({ turn }) => {
    asked.push(turn);
    await before(turn);
    return block(steps[turn] ?? "");
  });
  const flow = new RLMFlow({ client, runtime: localRuntime(), workspace, tools: fileTools(workspace) });
  return { flow, asked };
}

async function failureOf(work: PromiseLike<unknown>): Promise<RLMError> {
  return await work.then(
    () => expect.fail("it did not fail"),
    (error) => error,
  );
}

/** Changes a byte, at a time that the file system can tell from that of the last write. */
async function damage(file: string): Promise<void> {
  const { mtimeNs } = await stat(file, { bigint: true });
  const bytes = await readFile(file);
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  do await writeFile(file, bytes);
  while ((await stat(file, { bigint: true })).mtimeNs === mtimeNs);
}

const CHANGES: readonly [string, string, (file: string) => Promise<unknown>][] = [
  ["removed", "was removed", (file) => rm(file)],
  [
    "replaced by a copy",
    "was replaced",
    async (file) => {
      await copyFile(file, `${file}.copy`);
      await rename(`${file}.copy`, file);
    },
  ],
  [
    "replaced by a link to itself",
    "was replaced",
    async (file) => {
      await rename(file, `${file}.moved`);
      await symlink(`${file}.moved`, file);
    },
  ],
  ["truncated", "it was changed", (file) => truncate(file, 20)],
  ["emptied", "it was changed", (file) => truncate(file)],
  ["appended to", "it was changed", (file) => appendFile(file, "{}\n")],
  ["damaged without a change of its length", "line 1: it was changed", damage],
];

describe.each(["log", "writes"] as const)("a file of a branch (%s) that is", (kind) => {
  test.each(CHANGES)("%s during a run stops it, and nothing more is written", async (_, reason, change) => {
    const workspace = await openedWorkspace();
    const file = workspace.branchPaths("run")[kind];
    let left: string | null = null;
    const { flow, asked } = flowOf(workspace, async (turn) => {
      if (turn !== 1) return;
      await change(file);
      left = await readFile(file, "utf8").catch(() => null);
    });
    const error = await failureOf(flow.run("Go.", { runId: "run" }));
    await flow.close();
    expect(error).toMatchObject({ code: "store_failed", message: expect.stringContaining(`${file} `) });
    expect(error.message).toContain(reason);
    expect(asked).toEqual([0, 1]);
    expect(await readFile(file, "utf8").catch(() => null)).toBe(left);
    await expect(readFile(join(workspace.directory, "b.txt"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});

test("a run goes on whose files are touched and not changed", async () => {
  const workspace = await openedWorkspace();
  const { log, writes } = workspace.branchPaths("run");
  const { flow } = flowOf(workspace, async (turn) => {
    const past = new Date(1_000);
    if (turn > 0) for (const file of [log, writes]) await utimes(file, past, past);
  });
  expect(await flow.run("Go.", { runId: "run" })).toMatchObject({ answer: "good" });
  await flow.close();
  expect((await workspace.examine("run", "main")).findings).toEqual([]);
});

test("a run whose log was replaced by a copy of itself is resumed to its answer", async () => {
  const workspace = await openedWorkspace();
  const { log } = workspace.branchPaths("run");
  let times = 1;
  const { flow } = flowOf(workspace, async (turn) => {
    if (turn !== 1 || times-- < 1) return;
    await copyFile(log, `${log}.copy`);
    await rename(`${log}.copy`, log);
  });
  const error = await failureOf(flow.run("Go.", { runId: "run" }));
  if (!(error instanceof RunError)) throw error;
  expect(await flow.resume(error.graph)).toMatchObject({ answer: "good" });
  await flow.close();
  expect((await workspace.examine("run", "main")).findings).toEqual([]);
});

test("a folder of blobs or contexts that is removed while a workspace is open is not made again", async () => {
  for (const folder of ["blobs", "context"]) {
    const workspace = await openedWorkspace();
    const put = async (text: string) => {
      await workspace.payloads.putBlob(JSON.stringify(text));
      await workspace.payloads.putContext(text);
    };
    await put("one");
    const path = join(workspace.directory, ".rlmflow", folder);
    await rm(path, { recursive: true });
    await expect(put("two")).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining(`${path} was removed`),
    });
  }
});

async function closedRun() {
  const workspace = await openedWorkspace();
  const store = await workspace.createRun(runInfo("run"));
  await store.append("root", 0, [observation("root", 0)]);
  await store.close();
  const { directory } = workspace.branchPaths("run");
  return { workspace, directory };
}

describe("a lock that is no file", () => {
  const KINDS: readonly [string, (path: string) => unknown][] = [
    ["a symbolic link that leads nowhere", (path) => symlink("nowhere", path)],
    ["a FIFO", (path) => execFileSync("mkfifo", [path])],
    ["a directory", (path) => mkdir(path)],
  ];

  test.each(KINDS)("but %s is refused, also as a successor, and reported", async (_, put) => {
    const dead = JSON.stringify({ host: "elsewhere.example", pid: 7, started: null, nonce: "n-1" });
    for (const name of ["lock", "lock.n-1"]) {
      const { workspace, directory } = await closedRun();
      const path = join(directory, name);
      if (name !== "lock") await writeFile(join(directory, "lock"), dead);
      await put(path);
      await expect(workspace.openRun("run", "main", { force: true })).rejects.toMatchObject({
        code: "store_failed",
        message: expect.stringMatching(/is (a symbolic link|not a regular file): rlmflow neither reads/),
        details: { path },
      });
      if (name !== "lock") continue;
      expect((await workspace.examine("run", "main")).findings).toContainEqual({
        severity: "problem",
        file: path,
        message: expect.stringContaining("neither reads nor writes"),
      });
      expect(await workspace.runs()).toMatchObject([{ problem: expect.stringContaining(path) }]);
    }
  });

  test.each(KINDS)("but %s since the branch was opened stops who writes it", async (_, put) => {
    const { workspace, directory } = await closedRun();
    const store = await workspace.openRun("run");
    await rm(join(directory, "lock"));
    await put(join(directory, "lock"));
    await expect(store.append("root", 1, [observation("root", 1)])).rejects.toMatchObject({
      code: "lost_race",
    });
    await store.close();
  });
});

test("a workspace whose .rlmflow is a link is refused, reported and listed as such", async () => {
  const { workspace } = await closedRun();
  const hidden = join(workspace.directory, ".rlmflow");
  await rename(hidden, `${hidden}-moved`);
  await symlink(`${hidden}-moved`, hidden);
  const again = await openedWorkspace(workspace.directory);
  const message = expect.stringContaining(`${hidden} is a symbolic link: nothing is written through it`);
  await expect(again.openRun("run")).rejects.toMatchObject({ code: "store_failed", message });
  expect((await again.examine("run", "main")).findings[0]).toMatchObject({
    severity: "problem",
    file: hidden,
    message,
  });
  expect(await again.runs()).toMatchObject([{ problem: message }]);
});

describe("a log of writes", () => {
  const lines = (text: string) => text.trimEnd().split("\n");
  const DAMAGE: readonly [string, string, (text: string) => string][] = [
    ["lacks a line", "damaged_log", (text) => `${lines(text).slice(1).join("\n")}\n`],
    ["holds a line twice", "damaged_log", (text) => `${text}${lines(text).at(-1)}\n`],
    ["holds a changed line", "damaged_log", (text) => text.replace("a.txt", "c.txt")],
    [
      "holds a line of a newer version",
      "unsupported_format",
      (text) => `${text}${sealLine('{"v":9,"key":"x"').toString()}`,
    ],
    [
      "holds a line that a newer version sealed in another way",
      "unsupported_format",
      (text) => text.replace('"v":2', '"v":9'),
    ],
  ];

  test.each(DAMAGE)("that %s is noticed before anything is asked", async (_, code, damage) => {
    const workspace = await openedWorkspace();
    const stopped = flowOf(workspace, async (turn) => {
      if (turn === 2) throw new Error("the model is away");
    });
    const error = await failureOf(stopped.flow.run("Go.", { runId: "run" }));
    await stopped.flow.close();
    if (!(error instanceof RunError)) throw error;
    const { writes } = workspace.branchPaths("run");
    const text = await readFile(writes, "utf8");
    await writeFile(writes, damage(text));
    const { flow, asked } = flowOf(workspace);
    const refused = await failureOf(flow.resume(error.graph));
    expect(refused).toMatchObject({ code, message: expect.stringContaining(writes) });
    expect(asked).toEqual([]);
    const forked = await failureOf(workspace.fork({ runId: "run", at: "root#1" }));
    expect(forked).toMatchObject({ code });
    expect((await workspace.examine("run", "main")).findings).toMatchObject([
      { severity: "problem", file: writes },
    ]);
    if (code === "unsupported_format") {
      expect(refused.message).toContain("Use the version of rlmflow that wrote it");
      expect(refused.message).not.toContain("remove it");
    }
    // The branch was given back.
    await writeFile(writes, text);
    expect(await flow.resume(error.graph)).toMatchObject({ answer: "good" });
    await flow.close();
  });
});
