import { appendFile, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import type { RunNode } from "@rlmflow/core";
import { expect, test } from "vitest";
import { chainedLines } from "../chained-lines.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { recordRun } from "../recorded-run.ts";

/** A workspace with a run, which was loaded, and where its files are. */
async function loadedRun() {
  const workspace = await openedWorkspace();
  await recordRun(workspace, "run");
  const graph = await workspace.load("run");
  const open = async (): Promise<readonly RunNode[]> => {
    const store = await workspace.openRun("run");
    const nodes = await store.read();
    await store.close();
    return nodes;
  };
  return { workspace, graph, open, ...workspace.branchPaths("run") };
}

test("a log that was loaded and has not changed is not read again when its branch is opened", async () => {
  const { graph, open } = await loadedRun();
  const nodes = await open();
  expect(nodes.length).toBe(graph.length);
  expect(nodes.every((node) => node === graph.find(node.id))).toBe(true);
});

test("what was loaded is given out once", async () => {
  const { graph, open } = await loadedRun();
  await open();
  const nodes = await open();
  expect(nodes).toEqual([...graph.walk()]);
  expect(nodes.some((node) => node === graph.find(node.id))).toBe(false);
});

test("lines that came after loading are read, and the branch goes on behind them", async () => {
  const { workspace, graph } = await loadedRun();
  const other = await openedWorkspace(workspace.directory);
  const [first] = graph.walk();
  const last = graph.head("root");
  if (first?.type !== "query" || last === undefined) return expect.fail("the run has no task");
  const n = graph.nextN("root");
  const next: RunNode = {
    ...first,
    id: `root#${graph.chainLength("root")}`,
    parentId: last.id,
    n,
    ordinal: 9,
  };
  const theirs = await other.openRun("run");
  await theirs.append("root", n, [next]);
  await theirs.close();
  const store = await workspace.openRun("run");
  expect((await store.read()).at(-1)).toEqual(next);
  await expect(store.append("root", n, [next])).rejects.toMatchObject({ code: "lost_race" });
});

test("a log that was changed in place after loading is refused, also when its size and time are as before", async () => {
  const { open, log } = await loadedRun();
  const before = await stat(log);
  const text = await readFile(log, "utf8");
  await writeFile(log, text.replace("Read both sides.", "Read both bides."));
  await utimes(log, before.atime, before.mtime);
  expect((await stat(log)).size).toBe(before.size);
  await expect(open()).rejects.toMatchObject({ code: "damaged_log" });
});

test("a log that lost its last line after loading is refused", async () => {
  const { open, log } = await loadedRun();
  const lines = (await readFile(log, "utf8")).split("\n").slice(0, -2);
  await writeFile(log, `${lines.join("\n")}\n`);
  await expect(open()).rejects.toThrow("it is missing: the log had");
});

test("another log that was put in the place of the one that was loaded is read", async () => {
  const { graph, open, log, head } = await loadedRun();
  const fewer = [...graph.walk()].slice(0, 1);
  await writeFile(`${log}.new`, Buffer.concat(chainedLines(fewer)));
  await rename(`${log}.new`, log);
  await rm(head);
  expect(await open()).toEqual(fewer);
});

test("a head that no longer fits the log that was loaded is looked at", async () => {
  const { open, head } = await loadedRun();
  await appendFile(head, "x");
  await expect(open()).rejects.toMatchObject({ code: "damaged_log" });
});

test("what a dying process had begun to write is cut off also when the log was loaded before", async () => {
  const { workspace, log } = await loadedRun();
  await appendFile(log, '{"v":2,"agent":"ro');
  const graph = await workspace.load("run");
  const store = await workspace.openRun("run");
  expect(store.repaired.droppedBytes).toBe(18);
  expect((await store.read()).length).toBe(graph.length);
  await store.close();
  expect((await readFile(log, "utf8")).endsWith("}\n")).toBe(true);
});
