import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { RLMError } from "@rlmflow/core";
import { expect, test } from "vitest";
import { decodeLine } from "../src/log/log-line.ts";
import { chainedLines } from "./chained-lines.ts";
import { startScript } from "./child-process.ts";
import { observation, run } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const GOLDEN = join(import.meta.dirname, "golden/format-1/rlmflow");

/** A workspace with a branch of three nodes that was closed, and where its files are. */
async function closedRun() {
  const workspace = await openedWorkspace();
  const store = await workspace.createRun(run("run"));
  for (const n of [0, 1]) await store.append("root", n, [observation("root", n)]);
  await store.append("root.a", 0, [observation("root.a", 0)]);
  await store.close();
  return { workspace, ...workspace.branchPaths("run") };
}

async function refusals(workspace: Awaited<ReturnType<typeof closedRun>>["workspace"]) {
  const tried = [workspace.load("run"), workspace.openRun("run")];
  const errors = (await Promise.allSettled(tried)).map((one) =>
    one.status === "rejected" ? String(one.reason.message) : "opened",
  );
  const { findings } = await workspace.examine("run", "main");
  return [...errors, findings.find(({ severity }) => severity === "problem")?.message ?? "nothing found"];
}

test("a log without its last lines is refused wherever it is read, naming the node it ended with", async () => {
  const { workspace, log } = await closedRun();
  const lines = (await readFile(log, "utf8")).split("\n").slice(0, -1);
  for (const kept of [2, 1, 0]) {
    await writeFile(
      log,
      lines
        .slice(0, kept)
        .map((line) => `${line}\n`)
        .join(""),
    );
    for (const message of await refusals(workspace))
      expect(message).toContain(
        `log.jsonl line ${kept + 1} is damaged: it is missing: the log had 3 lines when the branch was last closed, up to node root.a#0`,
      );
  }
});

test("a log with another line where it ended is refused", async () => {
  const { workspace, log } = await closedRun();
  const others = chainedLines([observation("root", 0), observation("root", 1), observation("root.b", 0)]);
  await writeFile(log, Buffer.concat(others));
  for (const message of await refusals(workspace))
    expect(message).toContain("line 3 is damaged: it is not the line that was there");
});

test("a log that goes on behind its head, as after a crash, is read; without a head too", async () => {
  const { workspace, log, head } = await closedRun();
  const kept = await readFile(head);
  const store = await workspace.openRun("run");
  await store.append("root", 2, [observation("root", 2)]);
  await store.close();
  await writeFile(head, kept);
  expect((await (await workspace.reader("run")).next()).length).toBe(4);
  await rm(head);
  expect((await (await workspace.reader("run")).next()).length).toBe(4);
  await writeFile(head, "");
  await (await workspace.openRun("run")).close();
  expect((await readFile(head, "utf8")).includes(`"bytes":${(await readFile(log)).length}`)).toBe(true);
});

test("a head that holds something else is damage and says what to do", async () => {
  const { workspace, head } = await closedRun();
  for (const text of ["{}\n", "hello\n", (await readFile(head, "utf8")).replace("root.a", "root.b")]) {
    await writeFile(head, text);
    for (const message of await refusals(workspace)) expect(message).toMatch(/head\.json.*remove this one/);
  }
});

/** A line as format 1 wrote it. */
function lineOfFormat1(agent: string, n: number): string {
  const body = JSON.stringify({ v: 1, agent, n, nodes: [observation(agent, n)] }).slice(0, -1);
  return `${body},"sum":"${crc32(body).toString(16).padStart(8, "0")}"}\n`;
}

async function runOfFormat1() {
  const { workspace, log, info, head } = await closedRun();
  await writeFile(log, lineOfFormat1("root", 0) + lineOfFormat1("root.a", 0) + lineOfFormat1("root", 1));
  await writeFile(info, (await readFile(info, "utf8")).replace('"format": 2', '"format": 1'));
  await rm(head);
  return { workspace, log, info, head };
}

test("a reader goes on over a migration without giving a node twice", async () => {
  const { workspace, log } = await runOfFormat1();
  const reader = await workspace.reader("run");
  expect((await reader.next()).length).toBe(3);
  const store = await workspace.openRun("run");
  await store.append("root", 2, [observation("root", 2)]);
  expect(await reader.next()).toEqual([observation("root", 2)]);
  await store.append("root", 3, [observation("root", 3)]);
  expect(await reader.next()).toEqual([observation("root", 3)]);
  await store.close();
  const lines = (await readFile(log, "utf8")).split("\n").slice(0, -1);
  expect(lines.map((line) => decodeLine(Buffer.from(line)).format)).toEqual([2, 2, 2, 2, 2]);
});

test("a torn end of an older log is dropped when it is opened, and what it lost is said", async () => {
  const { workspace, log } = await runOfFormat1();
  await writeFile(log, (await readFile(log, "utf8")) + lineOfFormat1("root", 2).slice(0, -7));
  const store = await workspace.openRun("run");
  expect((await store.read()).length).toBe(3);
  expect(store.repaired.droppedBytes).toBe(lineOfFormat1("root", 2).length - 7);
});

test("damage in an older log is refused by its own rules and nothing is changed", async () => {
  const { workspace, log, info } = await runOfFormat1();
  await writeFile(log, lineOfFormat1("root", 0) + lineOfFormat1("root", 2));
  const before = [await readFile(log, "utf8"), await readFile(info, "utf8")];
  const error = await workspace.openRun("run").catch((reason: RLMError) => reason);
  expect(String(error)).toContain("line 2 is damaged: agent root goes on at n 2 and not at 1");
  expect([await readFile(log, "utf8"), await readFile(info, "utf8")]).toEqual(before);
});

test("a migration that is killed at any time leaves a run that opens", async () => {
  const directory = await temporaryDirectory();
  for (let kill = 0; kill < 12; kill++) {
    await rm(directory, { recursive: true, force: true });
    await cp(GOLDEN, join(directory, ".rlmflow"), { recursive: true });
    const child = startScript("open-and-die.ts", [directory, String(kill)]);
    const ended = await child.ended;
    const workspace = await openedWorkspace(directory);
    const before = (await workspace.load("golden")).length;
    await (await workspace.openRun("golden")).close();
    expect((await workspace.load("golden")).length, `killed at operation ${kill}: ${ended}`).toBe(before);
    const { directory: branch } = workspace.branchPaths("golden");
    expect((await readdir(branch)).filter((name) => name === "lock")).toEqual([]);
    if (ended === 0) return expect(kill).toBeGreaterThan(5);
  }
  expect.fail("the migration never ended by itself");
});
