import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RLMFlow } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { fileTools } from "@rlmflow/tools";
import { describe, expect, test } from "vitest";
import { temporaryName } from "../src/disk/durable-files.ts";
import { observation, run } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { block } from "./recorded-run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

async function closedRun() {
  const workspace = await openedWorkspace();
  const store = await workspace.createRun(run("run"));
  await store.append("root", 0, [observation("root", 0)]);
  await store.close();
  return { workspace, ...workspace.branchPaths("run") };
}

describe("a payload that was damaged on disk", () => {
  test.each(["flush", "fsync"] as const)("is replaced when it is put again (%s)", async (durability) => {
    const workspace = await openedWorkspace(await temporaryDirectory(), { durability });
    const { digest } = await workspace.payloads.putContext("one two three");
    const blob = await workspace.payloads.putBlob('"one two three"');
    const paths = [
      join(workspace.directory, ".rlmflow/context", digest),
      join(workspace.directory, ".rlmflow/blobs", blob.digest),
    ];
    for (const path of paths) await writeFile(path, (await readFile(path, "utf8")).replace("two", "TWO"));
    await expect(workspace.payloads.openContext(digest)).rejects.toMatchObject({ code: "damaged_log" });
    await workspace.payloads.putContext("one two three");
    await workspace.payloads.putBlob('"one two three"');
    expect((await workspace.payloads.openContext(digest)).read(0, 13)).toBe("one two three");
    expect(await workspace.payloads.getBlob(blob.digest)).toBe('"one two three"');
  });

  test("is noticed while it is open, also where it has kept its size", async () => {
    const workspace = await openedWorkspace();
    const text = "one two three ".repeat(20_000);
    const { digest } = await workspace.payloads.putContext(text);
    const context = await workspace.payloads.openContext(digest);
    expect(context.read(0, 13)).toBe("one two three");
    const path = join(workspace.directory, ".rlmflow/context", digest);
    const other = await openedWorkspace(workspace.directory);
    // The same content in another file: looked at again and used.
    await other.payloads.putContext(text);
    expect(context.read(140_000, 140_013)).toBe("one two three");
    await writeFile(path, text.replaceAll("two", "TWO"));
    expect(() => context.read(210_000, 210_013)).toThrow(
      expect.objectContaining({ code: "damaged_log", message: expect.stringContaining(path) }),
    );
    await other.payloads.putContext(text);
    expect(context.read(210_000, 210_013)).toBe("one two three");
  });

  test("is replaced also where a link stands in its place, which is not followed", async () => {
    const workspace = await openedWorkspace();
    const outside = join(await temporaryDirectory(), "outside");
    await writeFile(outside, "one two thre!");
    const { digest } = await workspace.payloads.putContext("one two three");
    const path = join(workspace.directory, ".rlmflow/context", digest);
    await rm(path);
    await symlink(outside, path);
    await workspace.payloads.putContext("one two three");
    expect(await readFile(path, "utf8")).toBe("one two three");
    expect(await readFile(outside, "utf8")).toBe("one two thre!");
  });
});

describe("what is no file of the workspace's own", () => {
  const kinds: readonly [string, (path: string) => Promise<unknown>][] = [
    [
      "a symbolic link",
      async (path) => {
        await rename(path, `${path}.outside`).catch(() => writeFile(`${path}.outside`, ""));
        await symlink(`${path}.outside`, path);
      },
    ],
    [
      "a FIFO",
      async (path) => {
        await rm(path, { force: true });
        execFileSync("mkfifo", [path]);
      },
    ],
    [
      "a directory",
      async (path) => {
        await rm(path, { force: true });
        await mkdir(path);
      },
    ],
  ];

  test.each(kinds)(
    "%s as log, head, branch.json or inbox is refused and nothing is written through it",
    async (_, put) => {
      for (const file of ["log", "head", "info", "inbox"] as const) {
        const { workspace, ...paths } = await closedRun();
        await put(paths[file]);
        const store = workspace.openRun("run").then((opened) => opened.inbox.put({ kind: "pause" }));
        await expect(store, file).rejects.toMatchObject({ message: expect.stringContaining(paths[file]) });
        const { findings } = await workspace.examine("run", "main");
        expect(
          findings.some(({ severity }) => severity === "problem"),
          file,
        ).toBe(true);
      }
    },
  );

  test.each(kinds)("%s as log of writes ends a run that writes a file", async (_, put) => {
    const workspace = await openedWorkspace();
    let asked = 0;
    const client = scriptedClient(async () => {
      asked += 1;
      await put(workspace.branchPaths("run").writes);
      return block("try { await writeFile('a.txt', 'one') } catch (error) { print(error.message) }");
    });
    await using flow = new RLMFlow({
      client,
      runtime: localRuntime(),
      workspace,
      tools: fileTools(workspace),
    });
    await expect(flow.run("Write.", { runId: "run" })).rejects.toMatchObject({ code: "store_failed" });
    expect(asked).toBe(1);
    expect((await readdir(workspace.directory)).includes("a.txt")).toBe(false);
  });

  test("a linked branch or run is not written", async () => {
    for (const level of ["directory", "run"] as const) {
      const { workspace, directory } = await closedRun();
      const path = level === "directory" ? directory : join(directory, "../..");
      await rename(path, `${path}-moved`);
      await symlink(`${path}-moved`, path);
      await expect(workspace.openRun("run")).rejects.toMatchObject({
        code: "store_failed",
        message: expect.stringContaining("is a symbolic link"),
      });
    }
  });
});

test("what dead processes had begun to write is reported, and removed when the branch is opened", async () => {
  const { workspace, directory } = await closedRun();
  await workspace.payloads.putBlob('"x"');
  const folders = [directory, join(workspace.directory, ".rlmflow/blobs")];
  const dead = temporaryName().replace(/^\.tmp-\d+/, `.tmp-${2 ** 22 + 1}`);
  const living = temporaryName();
  for (const folder of folders)
    for (const name of [dead, living]) await writeFile(join(folder, name), "half");
  const { findings } = await workspace.examine("run", "main");
  expect(findings.filter(({ severity }) => severity === "note").map(({ file }) => file)).toEqual(folders);
  await (await (await openedWorkspace(workspace.directory)).openRun("run")).close();
  for (const folder of folders)
    expect((await readdir(folder)).filter((name) => name.startsWith(".tmp-"))).toEqual([living]);
});

test("what file tools of dead processes had begun to write is reported, and removed when the branch is opened", async () => {
  const workspace = await openedWorkspace();
  const steps = ["await writeFile('deep/a.txt', 'one'); await writeFile('b.txt', 'two')", "done(1)"];
  const client = scriptedClient(({ turn }) => block(steps[turn] ?? ""));
  await using flow = new RLMFlow({ client, runtime: localRuntime(), workspace, tools: fileTools(workspace) });
  const { graph } = await flow.run("Write.", { runId: "run" });
  const { directory } = workspace.branchPaths("run");
  const held = await readFile(join(directory, "lock"), "utf8");
  await flow.close();
  // As a process leaves it that is killed in the middle of a write.
  const gone = 2 ** 22 + 1;
  await writeFile(join(directory, "lock"), held.replace(/"pid":\d+/, `"pid":${gone}`));
  const chance = "0123456789abcdef01";
  const [, place = ""] = /^\.tmp-\d+-([0-9a-f]{8})/.exec(temporaryName()) ?? [];
  const dead = `.rlmflow-${gone}-${place}-${chance}`;
  const living = `.rlmflow-${process.pid}-${place}-${chance}`;
  const elsewhere = `.rlmflow-${gone}-00000000-${chance}`;
  const folders = [workspace.directory, join(workspace.directory, "deep")];
  for (const folder of folders)
    for (const name of [dead, living]) await writeFile(join(folder, name), "half");
  const said = async () =>
    (await workspace.examine("run", "main")).findings.filter(({ message }) =>
      message.includes("never finished"),
    );
  expect(await said()).toEqual(
    folders.map((file) => ({
      severity: "note",
      file,
      message: `1 file that was never finished (${dead}); opening the branch removes it.`,
    })),
  );
  await (await workspace.openRun("run")).close();
  for (const folder of folders)
    expect((await readdir(folder)).filter((name) => name.startsWith(".rlmflow-"))).toEqual([living]);
  expect(await said()).toEqual([]);
  await writeFile(join(workspace.directory, "deep", elsewhere), "half");
  expect(await said()).toMatchObject([{ message: expect.stringContaining("nobody can tell from here") }]);
  expect(graph.finished).toBe(true);
});

test("no file tool writes once the flow is closed", async () => {
  const workspace = await openedWorkspace();
  const client = scriptedClient(() =>
    block(
      "await Promise.all(Array.from({ length: 400 }, (_, i) => writeFile('deep/' + i, 'x'.repeat(2000))))",
    ),
  );
  const flow = new RLMFlow({ client, runtime: localRuntime(), workspace, tools: fileTools(workspace) });
  const ended = flow.run("Write.", { runId: "run" }).catch((reason: unknown) => reason);
  const names = () => readdir(join(workspace.directory, "deep")).catch(() => []);
  while ((await names()).length < 5) await new Promise((resolve) => setTimeout(resolve, 1));
  await flow.close();
  const atClose = (await names()).sort();
  await ended;
  await workspace.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await names()).sort()).toEqual(atClose);
  expect(atClose.length).toBeLessThan(400);
  expect(atClose.filter((name) => name.startsWith(".rlmflow"))).toEqual([]);
});
