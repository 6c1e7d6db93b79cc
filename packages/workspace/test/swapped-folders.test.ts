import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type RLMError, RLMFlow, RunError } from "@rlmflow/core";
import type { RunInfo } from "@rlmflow/core/store";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { describe, expect, test } from "vitest";
import type { Workspace, WorkspaceOptions } from "../src/index.ts";
import { failingCalls } from "./failing-system-calls.ts";
import { observation, run as runInfo } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { block } from "./recorded-run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** What takes the place of a folder that is renamed to `moved`; `spare` is another name beside it. */
interface Swap {
  readonly says: string;
  readonly put: (path: string, moved: string, spare: string) => Promise<unknown>;
}

const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to]);

const SWAPS: Readonly<Record<string, Swap>> = {
  "a link to itself under another name": {
    says: "became a symbolic link",
    put: (path, moved) => symlink(moved, path),
  },
  "a link to a copy": {
    says: "became a symbolic link",
    put: async (path, moved, spare) => {
      copy(moved, spare);
      await symlink(spare, path);
    },
  },
  "a link to an empty folder": {
    says: "became a symbolic link",
    put: async (path, _, spare) => {
      await mkdir(spare);
      await symlink(spare, path);
    },
  },
  "a copy": { says: "was replaced by another folder", put: async (path, moved) => copy(moved, path) },
  "a file": { says: "became a file", put: (path) => writeFile(path, "") },
};

/** Swaps a folder; gives what puts it back. */
async function swapped(path: string, { put }: Swap): Promise<() => Promise<void>> {
  const moved = `${path}-moved`;
  await rename(path, moved);
  await put(path, moved, `${path}-spare`);
  return async () => {
    await rm(path, { recursive: true });
    await rm(`${path}-spare`, { recursive: true, force: true });
    await rename(moved, path);
  };
}

/** Every file below the directory with its content, by its name; links are not followed. */
function contentOf(directory: string): Readonly<Record<string, string>> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((file) => [relative(directory, file), readFileSync(file, "utf8")]));
}

const LEVELS: Readonly<Record<string, string>> = {
  "the workspace": "",
  ".rlmflow": ".rlmflow",
  runs: ".rlmflow/runs",
  "runs/<id>": ".rlmflow/runs/run",
  branches: ".rlmflow/runs/run/branches",
  "branches/<name>": ".rlmflow/runs/run/branches/main",
};

const BOTH = Object.keys(LEVELS).flatMap((level) => Object.keys(SWAPS).map((kind) => ({ level, kind })));

function swapOf(kind: string): Swap {
  return SWAPS[kind] ?? expect.fail(kind);
}

/** A workspace in a folder that may be renamed, with a run that is open for writing. */
async function openStore(options?: WorkspaceOptions) {
  const workspace = await openedWorkspace(join(await temporaryDirectory(), "project"), options);
  const store = await workspace.createRun(runInfo("run"));
  await store.append("root", 0, [observation("root", 0)]);
  return { workspace, store, around: dirname(workspace.directory) };
}

/** A branch of that run. */
function forkNamed(id: string): RunInfo {
  return { ...runInfo("run"), branch: { id, parent: { branch: "main", at: "root#0" }, createdAt: 1 } };
}

async function failureOf(work: PromiseLike<unknown>): Promise<RLMError> {
  return await work.then(
    () => expect.fail("it did not fail"),
    (error) => error,
  );
}

function refusal(path: string, says: string) {
  return {
    code: "store_failed",
    message: expect.stringMatching(`^${path} ${says} .*Put .* back in its place`),
    details: { path },
  };
}

describe("a folder of an open branch that is swapped", () => {
  test.each(BOTH)("($level for $kind) takes no append and no entry of the inbox", async ({ level, kind }) => {
    const { workspace, store, around } = await openStore();
    const inbox = await workspace.inbox("run");
    const path = join(workspace.directory, LEVELS[level] ?? "");
    const swap = swapOf(kind);
    const putBack = await swapped(path, swap);
    const before = contentOf(around);
    const refused = refusal(path, swap.says);
    await expect(store.inbox.put({ kind: "pause" })).rejects.toMatchObject(refused);
    await expect(store.inbox.settle("id", { state: "applied", nodes: [] })).rejects.toMatchObject(refused);
    await expect(inbox.put({ kind: "pause" })).rejects.toMatchObject(refused);
    await expect(store.append("root", 1, [observation("root", 1)])).rejects.toMatchObject(refused);
    expect(contentOf(around)).toEqual(before);
    await store.close();
    await putBack();
    const again = await workspace.openRun("run");
    expect(await again.read()).toHaveLength(1);
    await again.append("root", 1, [observation("root", 1)]);
    await again.close();
    const { findings } = await workspace.examine("run", "main");
    // A log of observations alone is whole, and no run.
    expect(findings).toMatchObject([{ message: expect.stringContaining("begins with observation") }]);
  });

  test.each(BOTH)("($level for $kind) takes no end of its log when it is closed", async ({ level, kind }) => {
    const { workspace, store, around } = await openStore();
    const path = join(workspace.directory, LEVELS[level] ?? "");
    const putBack = await swapped(path, swapOf(kind));
    await store.close();
    expect(Object.keys(contentOf(around)).filter((name) => name.endsWith("head.json"))).toEqual([]);
    await putBack();
    await (await workspace.openRun("run")).close();
  });
});

test("a swapped folder of a fork's files takes no file of a tool", async () => {
  const { workspace } = await openStore();
  const store = await workspace.forkRun(forkNamed("fork"), []);
  const { writes, directory } = workspace.filesOf("run/fork/root#1/0");
  const putBack = await swapped(directory, swapOf("a link to itself under another name"));
  const refused = refusal(directory, "became a symbolic link");
  await expect(writes.during(async () => {})).rejects.toMatchObject(refused);
  await store.close();
  await expect(workspace.openRun("run", "fork")).rejects.toMatchObject({
    message: expect.stringContaining(`${directory} is a symbolic link: nothing is written through it`),
  });
  expect((await workspace.examine("run", "fork")).findings).toMatchObject([
    { severity: "problem", file: directory },
  ]);
  await putBack();
  await (await workspace.openRun("run", "fork")).close();
});

const PAYLOADS: readonly [string, (workspace: Workspace, text: string) => Promise<unknown>][] = [
  ["blobs", ({ payloads }, text) => payloads.putBlob(JSON.stringify(text))],
  ["context", ({ payloads }, text) => payloads.putContext(text)],
  ["runs", (workspace, text) => workspace.createRun(runInfo(text))],
];

describe.each(PAYLOADS)("a folder that all runs share (%s) and that is swapped", (folder, put) => {
  const levels = ["", ".rlmflow", `.rlmflow/${folder}`];
  const cases = levels.flatMap((level) => Object.keys(SWAPS).map((kind) => ({ level, kind })));

  test.each(cases)("(./$level for $kind) takes nothing", async ({ level, kind }) => {
    const workspace = await openedWorkspace(join(await temporaryDirectory(), "project"));
    const around = dirname(workspace.directory);
    await put(workspace, "one");
    const path = join(workspace.directory, level);
    const putBack = await swapped(path, swapOf(kind));
    const before = contentOf(around);
    const error = await failureOf(put(workspace, "two"));
    expect(error).toMatchObject({ code: "store_failed", message: expect.stringContaining(`${path} `) });
    expect(error.message).toMatch(/[Pp]ut .* back/);
    if (kind.startsWith("a link")) expect(error.message).toContain("symbolic link");
    expect(contentOf(around)).toEqual(before);
    await putBack();
    await put(workspace, "two");
  });
});

test("a folder of contexts that is swapped while one is written does not get it", async () => {
  const { workspace } = await openStore();
  await workspace.payloads.putContext("one");
  const path = join(workspace.directory, ".rlmflow/context");
  const names = readdirSync(path);
  async function* pieces() {
    yield "two ";
    await swapped(path, swapOf("a link to itself under another name"));
    yield "three";
  }
  await expect(workspace.payloads.putContext(pieces())).rejects.toMatchObject(
    refusal(path, "became a symbolic link"),
  );
  expect(readdirSync(path).filter((name) => !name.startsWith(".tmp-"))).toEqual(names);
});

describe("a fork of a run with a swapped folder", () => {
  const links = BOTH.filter(({ kind }) => kind.startsWith("a link"));

  test.each(links)("($level for $kind) is not made", async ({ level, kind }) => {
    const { workspace, store, around } = await openStore();
    await store.close();
    const path = join(workspace.directory, LEVELS[level] ?? "");
    const putBack = await swapped(path, swapOf(kind));
    const before = contentOf(around);
    const refused = { code: "store_failed", message: expect.stringContaining(`${path} `) };
    // A fork is not made in the folder of the branch that it comes from.
    if (level !== "branches/<name>")
      await expect(workspace.forkRun(forkNamed("fork"), [])).rejects.toMatchObject(refused);
    await expect(workspace.keepMetadata("run", "main", { title: "other" })).rejects.toMatchObject(refused);
    await expect(workspace.openRun("run")).rejects.toMatchObject(refused);
    await expect(workspace.inbox("run")).rejects.toMatchObject(refused);
    expect(contentOf(around)).toEqual(before);
    await putBack();
    await (await workspace.forkRun(forkNamed("fork"), [])).close();
  });
});

test("what dead processes left is not removed through a link", async () => {
  const { workspace, store } = await openStore();
  await store.close();
  await workspace.payloads.putBlob('"text"');
  const blobs = join(workspace.directory, ".rlmflow/blobs");
  const left = join(blobs, `.tmp-999999999-00000000-${"0".repeat(8)}`);
  await writeFile(left, "");
  const putBack = await swapped(blobs, swapOf("a link to itself under another name"));
  const again = await openedWorkspace(workspace.directory);
  await expect(again.openRun("run")).rejects.toMatchObject({
    code: "store_failed",
    message: expect.stringContaining(`${blobs} is a symbolic link`),
  });
  expect(existsSync(left)).toBe(true);
  expect((await again.examine("run", "main")).findings).toContainEqual({
    severity: "problem",
    file: blobs,
    message: expect.stringContaining("is a symbolic link"),
  });
  await putBack();
  await (await again.openRun("run")).close();
});

describe("a run one of whose folders is swapped", () => {
  const STEPS = [
    "await writeFile('a.txt', 'one')",
    "await writeFile('b.txt', 'two'); print('x'.repeat(70_000))",
    "await done(await delegate('part', 'Read.', { context: 'text '.repeat(4_000) }))",
  ];

  test.each(BOTH)("($level for $kind) stops, and is resumed when it is back", async ({ level, kind }) => {
    const workspace = await openedWorkspace(join(await temporaryDirectory(), "project"));
    const path = join(workspace.directory, LEVELS[level] ?? "");
    const swap = swapOf(kind);
    let putBack = async () => {};
    let swaps = 1;
    const client = scriptedClient(async ({ agentId, turn }) => {
      if (agentId !== "root") return block("await done('good')");
      if (turn === 1 && swaps-- > 0) putBack = await swapped(path, swap);
      return block(STEPS[turn] ?? "");
    });
    await using flow = new RLMFlow({
      client,
      runtime: localRuntime(),
      workspace,
      tools: fileTools(workspace),
    });
    const error = await failureOf(flow.run("Go.", { runId: "run" }));
    expect(error).toMatchObject({
      code: "store_failed",
      message: expect.stringContaining(`${path} ${swap.says}`),
    });
    await putBack();
    expect(existsSync(join(workspace.directory, "b.txt"))).toBe(false);
    if (!(error instanceof RunError)) throw error;
    expect(await flow.resume(error.graph)).toMatchObject({ answer: "good" });
    expect(
      (await workspace.examine("run", "main")).findings.filter(({ severity }) => severity === "problem"),
    ).toEqual([]);
  });
});

describe("a run whose folder is a link", () => {
  const AIMS: readonly [string, (path: string, moved: string) => Promise<unknown>][] = [
    ["to the run", (path, moved) => symlink(moved, path)],
    ["that leads nowhere", (path) => symlink("nowhere", path)],
  ];

  test.each(AIMS)("%s is refused, listed and reported as one", async (_, put) => {
    for (const level of [".rlmflow", ".rlmflow/runs", ".rlmflow/runs/run", ".rlmflow/runs/run/branches"]) {
      const { workspace, store, around } = await openStore();
      await store.close();
      const path = join(workspace.directory, level);
      const moved = join(around, "moved");
      await rename(path, moved);
      await put(path, moved);
      const again = await openedWorkspace(workspace.directory);
      const message = expect.stringContaining(`${path} is a symbolic link`);
      for (const open of [
        () => again.load(),
        () => again.load("run"),
        () => again.openRun("run"),
        () => again.reader("run"),
        () => again.inbox("run"),
      ])
        await expect(open(), level).rejects.toMatchObject({ code: "store_failed", message });
      // Where runs can be listed, each says what is wrong with it.
      const listed = await again.runs().then(
        (runs) => runs.map(({ problem }) => problem),
        (error) => [error.message],
      );
      expect(listed, level).toEqual([message]);
      if (level.endsWith("run")) {
        expect(await again.branches()).toEqual([{ runId: "run", branchId: "main" }]);
      }
      const { findings } = await again.examine("run", "main");
      expect(findings.filter((finding) => finding.message.includes("is a symbolic link"))).toEqual([
        { severity: "problem", file: path, message },
      ]);
    }
  });
});

test.each(["run", "branch"] as const)(
  "a %s whose name can't be made durable is not left behind",
  async (kind) => {
    const calls = await failingCalls();
    const { workspace } = await openStore({ durability: "fsync" });
    const make = (name: string) =>
      kind === "run" ? workspace.createRun(runInfo(name)) : workspace.forkRun(forkNamed(name), []);
    calls.arm(0, "");
    await (await make("undisturbed")).close();
    const at = calls.made.lastIndexOf("rename", calls.made.indexOf("writeFileSync")) + 2;
    expect(calls.made[at - 1]).toBe("sync");
    calls.arm(at, "EIO");
    await expect(make("other")).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("EIO"),
    });
    calls.disarm();
    const names = (await workspace.branches()).flatMap(({ runId, branchId }) => [runId, branchId]);
    expect(names).not.toContain("other");
    const store = await make("other");
    expect(
      await readFile(workspace.branchPaths(store.run.runId, store.run.branch.id).log, "utf8"),
    ).toBeDefined();
  },
);
