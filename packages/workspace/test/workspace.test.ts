import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RLMError, type RLMErrorCode, type RunNode } from "@rlmflow/core";
import { ZERO_USAGE } from "@rlmflow/core/store";
import { describe, expect, test } from "vitest";
import * as surface from "../src/index.ts";
import { openWorkspace } from "../src/index.ts";
import { observation, run } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

async function message(code: RLMErrorCode, work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => expect.fail("it was accepted"),
    (reason: unknown) => reason,
  );
  return RLMError.is(error, code) ? error.message : expect.fail(String(error));
}

function rootEnd(n: number): RunNode {
  const { id, agentId, parentId, startedAt, endedAt, origin } = observation("root", n);
  return { type: "result", id, agentId, parentId, n, startedAt, endedAt, origin, result: 42, cancelled: [] };
}

test("the package exports one factory and what it makes", () => {
  expect(Object.keys(surface).sort()).toEqual(["Workspace", "openWorkspace"]);
});

describe("opening a directory", () => {
  test("makes nothing before a run is made, and then for this user alone", async () => {
    const directory = join(await temporaryDirectory(), "my project");
    const workspace = await openedWorkspace(directory);
    expect(await workspace.runs()).toEqual([]);
    await expect(stat(directory)).rejects.toThrow("ENOENT");
    await workspace.createRun(run("run-1"));
    expect((await stat(join(directory, ".rlmflow"))).mode & 0o777).toBe(0o700);
    expect((await readdir(join(directory, ".rlmflow/runs/run-1/branches/main"))).sort()).toEqual([
      "branch.json",
      "lock",
      "log.jsonl",
      expect.stringMatching(/^socket\./),
    ]);
  });

  test.runIf(process.platform === "linux")("where none can be made is refused, at once", async () => {
    const workspace = await openedWorkspace("/proc/no/such");
    expect(await message("store_failed", workspace.createRun(run("run-1")))).toMatch(
      /^Could not make \/proc\/no\/such.*: no directory can be made in \/proc\. Use a workspace in/,
    );
    expect(await message("store_failed", workspace.payloads.putBlob("x"))).toContain("in /proc.");
  });

  test("takes ids, and says so of anything else", async () => {
    const workspace = await openedWorkspace(await temporaryDirectory());
    const options: unknown = { runId: "run-1" };
    expect(await message("invalid_options", workspace.load(options as string))).toBe(
      'The id of a run is a string, not an object (runId): pass the ids themselves, like load("run-1", "main").',
    );
  });

  test("through a symbolic link is the same workspace", async () => {
    const directory = await temporaryDirectory();
    const link = join(await temporaryDirectory(), "link");
    await symlink(directory, link);
    const workspace = await openedWorkspace(link);
    await workspace.createRun(run("run"));
    expect(workspace.directory).toBe(directory);
    expect(await message("locked", (await openedWorkspace(directory)).openRun("run"))).toContain(
      "open already",
    );
  });

  test("refuses a file and bad options", async () => {
    const file = join(await temporaryDirectory(), "file");
    await writeFile(file, "");
    expect(await message("not_found", openWorkspace(file))).toContain(
      `${file}: that is a file, not a directory`,
    );
    const options: object = { durability: "never" };
    expect(await message("invalid_options", openWorkspace(file, options))).toContain(
      'durability is "flush" or "fsync"',
    );
    const path: unknown = 5;
    expect(await message("invalid_options", openWorkspace(path as string))).toContain("as text, not 5");
  });

  test("says what is there when there is no run", async () => {
    const directory = await temporaryDirectory();
    const missing = await openedWorkspace(join(directory, "missing"));
    expect(await message("not_found", missing.load())).toContain("there is no such directory");
    const workspace = await openedWorkspace(directory);
    expect(await message("not_found", workspace.load())).toContain("the directory is empty");
    await writeFile(join(directory, "notes.txt"), "");
    expect(await message("not_found", workspace.load("run"))).toContain(
      "it is no workspace (it has no .rlmflow) but a directory with notes.txt",
    );
    await mkdir(join(directory, ".rlmflow"));
    expect(await message("not_found", workspace.load())).toContain("no run was ever kept in it");
    await workspace.createRun(run("first"));
    expect(await message("not_found", workspace.openRun("second"))).toContain("There is no run second in");
    expect(await message("not_found", workspace.openRun("second"))).toContain("it has first.");
    expect(await message("not_found", workspace.load("first", "fork"))).toContain(
      "has no branch fork; it has main.",
    );
  });
});

describe("a name", () => {
  test.each([
    "",
    ".",
    "..",
    "a/b",
    "../x",
    ".hidden",
    "a..b",
    "ä",
    "a b",
    "x".repeat(65),
    "a\0",
    "a\\b",
    "-\n",
  ])("like %j is refused for a run and a branch", async (name) => {
    const workspace = await openedWorkspace();
    const says = "cannot be the id of a";
    expect(await message("invalid_options", workspace.createRun(run(name)))).toContain(says);
    expect(await message("invalid_options", workspace.openRun(name))).toContain(says);
    expect(await message("invalid_options", workspace.load("run", name)).catch(String)).toMatch(
      /cannot be the id|no run/,
    );
    const main = run("run");
    const fork = { ...main, branch: { ...main.branch, id: name } };
    expect(await message("invalid_options", workspace.createRun(fork))).toContain(says);
    expect(await message("invalid_options", workspace.forkRun(fork, []))).toContain(says);
    expect(await readdir(workspace.directory)).toEqual([]);
  });

  test.each(["a", "0", "_x-Y.z", "-", "x".repeat(64)])("like %j is taken", async (name) => {
    const workspace = await openedWorkspace();
    await (await workspace.createRun(run(name))).close();
    expect((await workspace.load()).run.runId).toBe(name);
  });
});

describe("a path", () => {
  test("stays inside the files of the main branch", async () => {
    const workspace = await openedWorkspace();
    expect(workspace.path("a", "b.txt")).toBe(join(workspace.directory, "a/b.txt"));
    expect(workspace.path()).toBe(workspace.directory);
    expect(workspace.path("a/../b")).toBe(join(workspace.directory, "b"));
    for (const parts of [
      [".."],
      ["a", "../../b"],
      [".rlmflow"],
      [".rlmflow", "runs"],
      [".RLMflow"],
      ["x/../.rlmflow/blobs"],
    ]) {
      expect(() => workspace.path(...parts)).toThrow("is no file of the workspace");
    }
  });
});

describe("the list of runs", () => {
  test("says when each was made and how its branches stand, newest first", async () => {
    const workspace = await openedWorkspace();
    const old = await workspace.createRun(run("old", 1000));
    await old.append("root", 0, [observation("root", 0), rootEnd(1)]);
    await old.append("root.a", 0, [observation("root.a", 0)]);
    const fork = {
      ...run("old"),
      branch: { id: "f", parent: { branch: "main", at: "root#0" }, createdAt: 3000 },
    };
    await (await workspace.forkRun(fork, [observation("root", 0)])).close();
    await old.close();
    await workspace.createRun({ ...run("new", 2000), metadata: { title: "later" } });
    const bytes = expect.any(Number);
    const untold = { query: null, end: null, usage: ZERO_USAGE };
    expect(await workspace.runs()).toEqual([
      {
        runId: "new",
        createdAt: 2000,
        metadata: { title: "later" },
        branches: [
          { ...untold, id: "main", parent: null, createdAt: 2000, state: "running", lines: 0, bytes: 0 },
        ],
        problem: null,
      },
      {
        runId: "old",
        createdAt: 1000,
        metadata: {},
        branches: [
          {
            ...untold,
            id: "f",
            parent: { branch: "main", at: "root#0" },
            createdAt: 3000,
            state: "unfinished",
            lines: 1,
            bytes,
          },
          {
            ...untold,
            end: expect.objectContaining({ type: "result" }),
            id: "main",
            parent: null,
            createdAt: 1000,
            state: "ended",
            lines: 2,
            bytes,
          },
        ],
        problem: null,
      },
    ]);
    expect((await workspace.load()).run.runId).toBe("new");
  });

  test("shows a run that cannot be read with the reason", async () => {
    const workspace = await openedWorkspace();
    await (await workspace.createRun(run("bad"))).close();
    await (await workspace.createRun(run("good"))).close();
    await writeFile(join(workspace.directory, ".rlmflow/runs/bad/run.json"), "{");
    await mkdir(join(workspace.directory, ".rlmflow/runs/not a run"));
    await mkdir(join(workspace.directory, ".rlmflow/runs/.tmp-1"));
    const runs = await workspace.runs();
    expect(runs.map(({ runId }) => runId).sort()).toEqual(["bad", "good"]);
    expect(runs.find(({ runId }) => runId === "bad")?.problem).toMatch(/bad.run\.json is damaged/);
    expect((await workspace.load()).run.runId).toBe("good");
  });
});

describe("what is missing in the folder of a run", () => {
  test.each([
    ["run.json", "run.json"],
    ["branches/main/branch.json", "branch.json"],
    ["branches/main/log.jsonl", "log.jsonl"],
  ])("%s is named, and other branches are listed all the same", async (path) => {
    const workspace = await openedWorkspace();
    await (await workspace.createRun(run("r"))).close();
    const fork = { ...run("r"), branch: { id: "z", parent: { branch: "main", at: "root#0" }, createdAt: 1 } };
    await (await workspace.forkRun(fork, [observation("root", 0)])).close();
    const file = join(workspace.directory, ".rlmflow/runs/r", path);
    await rm(file);
    const told = `${file} is damaged: it is missing. Restore it from a copy.`;
    expect(await message("damaged_log", workspace.load("r"))).toBe(told);
    expect(await message("damaged_log", workspace.openRun("r"))).toBe(told);
    const [summary] = await workspace.runs();
    expect(summary?.problem).toBe(told);
    expect(summary?.branches.map(({ id, state }) => `${id} ${state}`)).toEqual([
      path === "run.json" ? "main unfinished" : "main damaged",
      "z unfinished",
    ]);
  });

  test("a file in the place of a folder is told", async () => {
    const workspace = await openedWorkspace();
    await writeFile(join(workspace.directory, ".rlmflow"), "");
    expect(await message("not_found", workspace.load())).toMatch(
      /\.rlmflow is a file where a directory is needed\.$/,
    );
  });
});

describe("run.json and branch.json", () => {
  const cases: readonly [string, (text: string) => string, RLMErrorCode, string][] = [
    [
      "of a newer format",
      (text) => text.replace('"format": 2', '"format": 3'),
      "unsupported_format",
      "has format 3, this version of rlmflow reads up to 2",
    ],
    [
      "without a format",
      (text) => text.replace('"format": 2,', ""),
      "damaged_log",
      "its format is undefined",
    ],
    [
      "that begin with a byte order mark",
      (text) => `\ufeff${text}`,
      "damaged_log",
      "begins with a byte order mark",
    ],
    ["that are cut", (text) => text.slice(0, -10), "damaged_log", "is damaged"],
    [
      "of another run",
      (text) => text.replaceAll('"runId": "run"', '"runId": "other"'),
      "damaged_log",
      "other",
    ],
    ["that hold a list", () => "[]", "damaged_log", "it holds no JSON object"],
  ];

  test.each(cases)("%s are refused with the file's name", async (_, change, code, says) => {
    const workspace = await openedWorkspace();
    await (await workspace.createRun(run("run"))).close();
    const paths = [
      join(workspace.directory, ".rlmflow/runs/run/run.json"),
      workspace.branchPaths("run").info,
    ];
    for (const path of paths) {
      const text = await readFile(path, "utf8");
      await writeFile(path, change(text));
      for (const work of [() => workspace.openRun("run"), () => workspace.load("run")]) {
        const found = await message(code, work());
        expect(found).toContain(says);
        expect(found).toContain(path);
      }
      await writeFile(path, text);
    }
    await workspace.openRun("run");
  });
});

describe("a fork", () => {
  test("of a run that is not here makes the run", async () => {
    const workspace = await openedWorkspace();
    const info = {
      ...run("elsewhere"),
      branch: { id: "f", parent: { branch: "main", at: "root#1" }, createdAt: 5 },
    };
    const nodes = [observation("root", 0), observation("root", 1)];
    await (await workspace.forkRun(info, nodes)).close();
    const store = await (await openedWorkspace(workspace.directory)).openRun("elsewhere", "f");
    expect(store.run).toEqual(info);
    expect(await store.read()).toEqual(nodes);
    expect(workspace.branchPaths("elsewhere", "f").files).toMatch(/branches.f.files$/);
    expect(workspace.branchPaths("elsewhere").files).toBe(workspace.directory);
  });

  test("that fails leaves nothing behind", async () => {
    const workspace = await openedWorkspace();
    await workspace.createRun(run("run"));
    const info = { ...run("run"), branch: { id: "f", parent: null, createdAt: 5 } };
    expect(await message("lost_race", workspace.forkRun(info, [observation("root", 1)]))).toContain(
      "root is at n 0",
    );
    expect(await readdir(join(workspace.directory, ".rlmflow/runs/run/branches"))).toEqual(["main"]);
  });

  test("of the same name is made once when several try at once", async () => {
    const workspace = await openedWorkspace();
    const settled = await Promise.allSettled(
      Array.from({ length: 8 }, () => workspace.createRun(run("run"))),
    );
    expect(settled.filter(({ status }) => status === "fulfilled").length).toBe(1);
    for (const outcome of settled) {
      if (outcome.status === "rejected") expect(RLMError.is(outcome.reason, "already_exists")).toBe(true);
    }
    expect(await readdir(join(workspace.directory, ".rlmflow/runs"))).toEqual(["run"]);
  });
});

describe("a closed workspace", () => {
  test("has closed its stores and rejects everything", async () => {
    const workspace = await openedWorkspace();
    const store = await workspace.createRun(run("run"));
    await workspace.close();
    await workspace.close();
    expect(await message("closed", store.read())).toContain("is closed");
    for (const work of [
      () => workspace.createRun(run("r")),
      () => workspace.openRun("run"),
      () => workspace.forkRun(run("r"), []),
      () => workspace.load(),
      () => workspace.runs(),
      () => workspace.putContextFile("x"),
      () => workspace.payloads.putBlob("1"),
    ]) {
      expect(await message("closed", work())).toContain("open it again");
    }
    await (await openedWorkspace(workspace.directory)).openRun("run");
  });
});

test("a log whose lines are whole but make no run is refused with the file's name", async () => {
  const workspace = await openedWorkspace();
  const store = await workspace.createRun(run("run"));
  await store.append("root", 0, [observation("root", 0), { ...observation("root", 1), id: "root#0" }]);
  const says = await message("damaged_log", workspace.load("run"));
  expect(says).toContain("log.jsonl is damaged: its lines are whole, but together they are no run.");
});

test("a directory without permission is named", async ({ skip }) => {
  if (process.getuid?.() === 0) return skip("the superuser may write everywhere");
  const directory = await temporaryDirectory();
  await chmod(directory, 0o500);
  const workspace = await openedWorkspace(directory);
  expect(await message("store_failed", workspace.createRun(run("run")))).toMatch(
    /EACCES.*change the owner or mode/,
  );
});
