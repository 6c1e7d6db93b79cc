import { link, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonValue } from "@rlmflow/core";
import type { RunStores } from "@rlmflow/core/store";
import { fileTools } from "@rlmflow/tools";
import { describe, expect, test } from "vitest";
import { encodeWrites, readWriteLog } from "../src/files/write-log.ts";
import type { Workspace } from "../src/index.ts";
import { readHead, writeHead } from "../src/log/log-head.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { block, countingFlow } from "./recorded-run.ts";

/** Three turns of the root that write files, each a block of its own, and then the answer. */
const BLOCKS = [
  "await writeFile('a.txt', 'one\\n'); await writeFile('deep/b.txt', 'b one')",
  "await appendFile('a.txt', 'two\\n'); await writeFile('c.txt', 'new')",
  "await editFile('a.txt', [{ old: 'one', new: 'ONE' }]); await writeFile('deep/b.txt', 'b three')",
  "done(await readFile('a.txt'))",
];

async function record(workspace: Workspace & RunStores, blocks: readonly string[] = BLOCKS) {
  const script = ({ turn }: { turn: number }) => block(blocks[turn] ?? "done(null)");
  const { flow } = countingFlow(script, workspace, fileTools(workspace));
  await using _ = flow;
  return (await flow.run("Write.", { runId: "run" })).graph;
}

async function filesOf(workspace: Workspace, branch: string): Promise<Record<string, string>> {
  const { files } = workspace.branchPaths("run", branch);
  const entries = await readdir(files, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const visible = paths.filter((path) => !path.slice(files.length).includes("/.rlmflow"));
  const texts = await Promise.all(visible.map((path) => readFile(path, "utf8")));
  return Object.fromEntries(visible.map((path, at) => [path.slice(files.length + 1), texts[at] ?? ""]));
}

/** Makes a call as the engine does, under this effect key and with its branch open. */
async function call(
  workspace: Workspace,
  key: string,
  name: string,
  ...args: JsonValue[]
): Promise<JsonValue> {
  const tool = fileTools(workspace).find((one) => one.name === name) ?? expect.fail(`no tool ${name}`);
  const signal = new AbortController().signal;
  const [runId = "", branchId = ""] = key.split("/");
  const store = await workspace.openRun(runId, branchId);
  try {
    return await tool.run(await tool.check(args), { effectKey: key, agentId: "root", depth: 0, signal });
  } finally {
    await store.close();
  }
}

describe("the files of a fork", () => {
  test("are as they were for the nodes that were kept", async () => {
    const workspace = await openedWorkspace();
    await writeFile(workspace.path("input.txt"), "given");
    await record(workspace);
    const at = ["root#0", "root#1/0", "root#2", "root#3/0", "root#4", "root#6"];
    for (const [place, id] of at.entries()) await workspace.fork({ at: id, name: `f${place}` });
    const input = { "input.txt": "given" };
    expect(await filesOf(workspace, "f0")).toEqual(input);
    expect(await filesOf(workspace, "f1")).toEqual({ ...input, "a.txt": "one\n" });
    const second = { ...input, "a.txt": "one\n", "deep/b.txt": "b one" };
    expect(await filesOf(workspace, "f2")).toEqual(second);
    expect(await filesOf(workspace, "f3")).toEqual({ ...second, "a.txt": "one\ntwo\n" });
    expect(await filesOf(workspace, "f4")).toEqual({ ...second, "a.txt": "one\ntwo\n", "c.txt": "new" });
    const last = { ...input, "a.txt": "ONE\ntwo\n", "c.txt": "new", "deep/b.txt": "b three" };
    expect(await filesOf(workspace, "f5")).toEqual(last);
    expect(await filesOf(workspace, "main")).toEqual(last);
  });

  test("are its own, also when it is forked again", async () => {
    const workspace = await openedWorkspace();
    await record(workspace);
    const { files } = await workspace.fork({ at: "root#4", name: "a" });
    expect(files).toMatchObject({ restored: 3, bytes: 16, leftOut: [], outside: [], entangled: [] });
    const script = ({ turn }: { turn: number }) =>
      block(turn === 2 ? "await writeFile('a.txt', 'other')" : "done(await readFile('a.txt'))");
    const { flow } = countingFlow(script, workspace, fileTools(workspace));
    await using _ = flow;
    expect((await flow.resume(await workspace.load("run", "a"))).answer).toBe("other");
    expect((await filesOf(workspace, "main"))["a.txt"]).toBe("ONE\ntwo\n");
    await workspace.fork({ branch: "a", at: "root#2", name: "b" });
    expect(await filesOf(workspace, "b")).toEqual({ "a.txt": "one\n", "deep/b.txt": "b one" });
    await workspace.fork({ branch: "a", at: "root#6", name: "c" });
    expect((await filesOf(workspace, "c"))["a.txt"]).toBe("other");
  });

  test("say what was left out and what others have changed", async () => {
    const workspace = await openedWorkspace(undefined, { maxFileBytes: 100 });
    await writeFile(workspace.path("large.bin"), new Uint8Array(500));
    await writeFile(workspace.path("grown.txt"), "x".repeat(200));
    await symlink("/etc/hostname", workspace.path("link"));
    await record(workspace, ["await writeFile('grown.txt', 'small')", ...BLOCKS]);
    await writeFile(workspace.path("a.txt"), "somebody else");
    await writeFile(workspace.path("late.txt"), "later");
    const { files } = await workspace.fork({ at: "root#0", name: "f" });
    expect(files.leftOut.toSorted((a, b) => a.path.localeCompare(b.path))).toEqual([
      { path: "grown.txt", bytes: 200, reason: "it was too large to be kept when it was written over" },
      { path: "large.bin", bytes: 500, reason: "it is larger than 100 bytes" },
      { path: "link", bytes: null, reason: "it is a link or a special file" },
    ]);
    expect(files.outside).toEqual(["a.txt", "late.txt"]);
    expect(await filesOf(workspace, "f")).toEqual({ "late.txt": "later" });
    expect(await workspace.forkedFiles("run", "f")).toEqual(files);
    const all = await workspace.fork({ at: "root#0", name: "g", maxFileBytes: 1000 });
    expect(all.files.leftOut.map(({ path }) => path)).not.toContain("large.bin");
  });

  test("tell which files kept and dropped writes were made to in turns", async () => {
    const workspace = await openedWorkspace();
    const script = ({ agentId, turn }: { agentId: string; turn: number }) => {
      if (agentId !== "root") return block("await appendFile('shared.txt', 'child\\n'); done(1)");
      if (turn === 0) return block("const child = delegate('child', 'Write.')");
      if (turn === 1) return block("await writeFile('shared.txt', 'root\\n'); await wait(child)");
      return block("done(await readFile('shared.txt'))");
    };
    const { flow } = countingFlow(script, workspace, fileTools(workspace));
    await using _ = flow;
    const { graph } = await flow.run("Write.", { runId: "run" });
    const { files } = await workspace.fork({ at: "root#2", name: "f" });
    const isRootFirst = graph.result === "root\nchild\n";
    expect(files.entangled).toEqual(isRootFirst ? ["shared.txt"] : []);
  });

  test("are not copied for agents that have no tools", async () => {
    const workspace = await openedWorkspace();
    await writeFile(workspace.path("input.txt"), "given");
    const { flow } = countingFlow(() => block("done(1)"), workspace);
    await using _ = flow;
    await flow.run("Answer.", { runId: "run" });
    expect((await workspace.fork({ at: "root#1" })).files.restored).toBe(0);
    expect(await filesOf(workspace, "fork-1")).toEqual({});
  });
});

describe("a write that is made again after a crash", () => {
  test.each([
    ["writeFile", "text"],
    ["appendFile", "text"],
  ])("by %s takes effect once", async (name, text) => {
    const workspace = await openedWorkspace();
    await record(workspace, ["done(1)"]);
    const { directory } = workspace;
    const key = "run/main/root#9/0";
    await call(workspace, key, name, "x.txt", text);
    await workspace.close();
    const again = await openedWorkspace(directory);
    await call(again, key, name, "x.txt", text);
    expect(await readFile(join(directory, "x.txt"), "utf8")).toBe(text);
    await call(again, "run/main/root#9/1", name, "x.txt", `${text}!`);
    await call(again, key, name, "x.txt", text);
    expect(await readFile(join(directory, "x.txt"), "utf8")).toBe(
      name === "writeFile" ? `${text}!` : `${text}${text}!`,
    );
  });

  test("by editFile takes effect once, and every writing tool may be repeated", async () => {
    const workspace = await openedWorkspace();
    await record(workspace, ["done(1)"]);
    await writeFile(workspace.path("x.txt"), "a b");
    const edits = [{ old: "a", new: "c" }];
    await call(workspace, "run/main/root#9/0", "editFile", "x.txt", edits);
    await call(workspace, "run/main/root#9/0", "editFile", "x.txt", edits);
    expect(await readFile(workspace.path("x.txt"), "utf8")).toBe("c b");
    expect(fileTools(workspace).map(({ repeat }) => repeat)).not.toContain("never");
    expect(fileTools(workspace.directory).map(({ repeat }) => repeat)).toContain("never");
  });

  test("is made when the process died between the note and the write", async () => {
    const workspace = await openedWorkspace();
    await record(workspace, ["done(1)"]);
    const key = "run/main/root#9/0";
    const store = await workspace.openRun("run", "main");
    const { writes } = workspace.filesOf(key);
    const current = { bytes: null, read: () => expect.fail("there is nothing to read") };
    await writes.note({ effectKey: key, path: "x.txt", current, next: Buffer.from("text") });
    await store.close();
    await call(workspace, key, "appendFile", "x.txt", "text");
    expect(await readFile(workspace.path("x.txt"), "utf8")).toBe("text");
  });

  test("is not made over what somebody else has done to the file since", async () => {
    const workspace = await openedWorkspace();
    await record(workspace, ["done(1)"]);
    await call(workspace, "run/main/root#9/0", "writeFile", "x.txt", "text");
    await writeFile(workspace.path("x.txt"), "mine");
    await call(workspace, "run/main/root#9/0", "writeFile", "x.txt", "text");
    expect(await readFile(workspace.path("x.txt"), "utf8")).toBe("mine");
  });
});

describe("the log of writes", () => {
  test("takes nothing for a branch that is closed, also from a call that begins then", async () => {
    const workspace = await openedWorkspace();
    await record(workspace);
    const { directory, writes } = workspace.filesOf("run/main/root#9/0");
    const write = writes.during(() => writeFile(join(directory, "late.txt"), "late"));
    await expect(write).rejects.toMatchObject({ code: "closed" });
    expect(await filesOf(workspace, "main")).not.toHaveProperty(["late.txt"]);
  });

  test("drops a torn end and refuses a damaged middle with its line", async () => {
    const workspace = await openedWorkspace();
    await record(workspace);
    const { writes, head } = workspace.branchPaths("run");
    // As after a crash.
    await rm(head);
    const { size } = await stat(writes);
    await truncate(writes, size - 5);
    expect((await workspace.fork({ at: "root#2", name: "torn" })).files.restored).toBe(2);
    const text = await readFile(writes, "utf8");
    await writeFile(writes, text.replace("a.txt", "b.txt"));
    await expect(workspace.fork({ at: "root#2", name: "bad" })).rejects.toThrow(
      /writes\.jsonl line 1 is damaged: its checksum does not fit its text/,
    );
    expect((await workspace.runs())[0]?.branches.map(({ id }) => id)).toEqual(["main", "torn"]);
  });

  test.each([4, 1, 0])(
    "that lost its last lines is refused wherever it is needed (%i of 5 left)",
    async (left) => {
      const workspace = await openedWorkspace();
      await record(workspace);
      await workspace.fork({ at: "root#6", name: "fork" });
      for (const branch of ["main", "fork"]) {
        const { writes, head } = workspace.branchPaths("run", branch);
        const lines = (await readFile(writes, "utf8")).split("\n").slice(0, left);
        await writeFile(writes, lines.map((line) => `${line}\n`).join(""));
        if (left === 0) await rm(writes);
        const lost = expect.objectContaining({
          code: "damaged_log",
          message: `${writes} line ${left + 1} is damaged: it is missing: the log had 6 lines when the branch was last closed, up to a write to deep/b.txt. Restore the file from a copy. Else remove it and head.json beside it: then forks have the files as they are now.`,
        });
        await expect(workspace.openRun("run", branch)).rejects.toEqual(lost);
        await expect(workspace.fork({ branch, at: "root#2", name: "lost" })).rejects.toEqual(lost);
        const { findings } = await workspace.examine("run", branch);
        expect(findings).toMatchObject([{ severity: "problem", file: writes }]);
        await rm(head);
        await (await workspace.openRun("run", branch)).close();
        expect((await workspace.examine("run", branch)).findings).toEqual([]);
      }
    },
  );

  test("with another line where it ended is refused", async () => {
    const workspace = await openedWorkspace();
    await record(workspace);
    const { writes } = workspace.branchPaths("run");
    const { entries } = await readWriteLog(writes);
    const last = entries.at(-1) ?? expect.fail("there are five");
    await writeFile(writes, encodeWrites([...entries.slice(0, -1), { ...last, path: "deep/c.txt" }]));
    await expect(workspace.openRun("run")).rejects.toThrow(
      "line 6 is damaged: it is not the line that was there when the branch was last closed, which was about a write to deep/b.txt.",
    );
  });

  test("may be longer than when its branch was last closed, and a head that says nothing of it is read", async () => {
    const workspace = await openedWorkspace();
    await record(workspace);
    const { writes, head } = workspace.branchPaths("run");
    const kept = await readFile(head);
    await call(workspace, "run/main/root#9/0", "writeFile", "x.txt", "text");
    expect(await readFile(head)).not.toEqual(kept);
    await writeFile(head, kept);
    expect((await readWriteLog(writes, head)).entries.length).toBe(7);
    const known = await readHead(head);
    if (known === null) throw new Error("there is one");
    const { writes: _, ...older } = known;
    await writeHead(head, older, "flush");
    await (await workspace.openRun("run")).close();
    expect((await readHead(head))?.writes?.lines).toBe(7);
  });

  test("never leads out of the branch's files", async () => {
    const workspace = await openedWorkspace();
    await record(workspace);
    const outside = `${workspace.directory}-outside.txt`;
    await writeFile(outside, "safe");
    await mkdir(workspace.path("d"));
    await link(outside, workspace.path("d/linked.txt"));
    await call(workspace, "run/main/root#9/0", "writeFile", "d/linked.txt", "changed");
    await workspace.fork({ at: "root#2", name: "f" });
    expect(await readFile(outside, "utf8")).toBe("safe");
    expect((await filesOf(workspace, "f"))["d/linked.txt"]).toBe("safe");
  });

  test("says what is wrong with a bound that is none", async () => {
    await expect(openedWorkspace(undefined, { maxFileBytes: -1 })).rejects.toThrow(
      "maxFileBytes is a whole number of bytes from 0, not -1.",
    );
  });
});
