import { appendFile, readFile, writeFile } from "node:fs/promises";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import type { ForkOptions, Workspace } from "../src/index.ts";
import { nextLine, startScript } from "./child-process.ts";
import { openedWorkspace } from "./opened-workspace.ts";
import { block, countingFlow, mapReduce, recordRun } from "./recorded-run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** Resumes a branch in this process with a model that words its replies differently. */
async function resume(workspace: Workspace, branch: string, wording = "second") {
  const { flow, asked } = countingFlow(mapReduce(wording), workspace);
  await using _ = flow;
  const { answer, graph } = await flow.resume(await workspace.load("run", branch));
  await checkRun(graph, { runtimes: { default: localRuntime() } });
  return { answer, graph, asked };
}

describe("a fork of a run on disk", () => {
  test("goes on in another process, whose model is asked only for what was dropped", async () => {
    const directory = await temporaryDirectory();
    const workspace = await openedWorkspace(directory);
    const graph = await recordRun(workspace, "run");
    const fork = await workspace.fork({ at: "root.right#1", name: "again" });
    expect(fork.kept + fork.dropped).toBe(graph.length);
    expect(fork.graph.find("root.left#4")?.type).toBe("result");
    expect(fork.graph.head("root.right")?.id).toBe("root.right#1");
    expect(fork.keptUsage.requests).toBe(5);
    await checkRun(fork.graph);

    const script = startScript("resume-branch.ts", [directory, "run", "again"]);
    const { answer, asked } = JSON.parse(await nextLine(script));
    expect(await script.ended).toBe(0);
    expect(answer).toBe("20+30 second second query");
    expect(asked).toEqual(["root.right 1", "root 1 query", "root 2"]);
    expect((await workspace.load("run")).result).toBe("20+30 first first query");
    expect((await workspace.load("run", "again")).run.branch.parent).toEqual({
      branch: "main",
      at: "root.right#1",
    });
  });

  test("in the middle of a block keeps the answers the block has had", async () => {
    const workspace = await openedWorkspace();
    await recordRun(workspace, "run");
    const fork = await workspace.fork({ at: "root#3/1" });
    expect(fork.graph.run.branch.id).toBe("fork-1");
    expect(fork.graph.find("root#3/0")).toBeDefined();
    const { answer, asked } = await resume(workspace, "fork-1");
    expect(answer).toBe("20+30 second first query");
    expect(asked).toEqual(["root 2"]);
    await workspace.fork({ at: "root#3/0" });
    expect((await resume(workspace, "fork-2")).asked).toEqual(["root 1 query", "root 2"]);
  });

  test("can be forked again, before and behind the place where it was forked itself", async () => {
    const workspace = await openedWorkspace();
    await recordRun(workspace, "run");
    await workspace.fork({ at: "root#3", name: "a" });
    await resume(workspace, "a");
    await workspace.fork({ branch: "a", at: "root.left#1", name: "b" });
    const b = await resume(workspace, "b", "third");
    expect(b.asked).toEqual(["root.left 1", "root 1 query", "root 2"]);
    await workspace.fork({ branch: "a", at: "root#4", name: "c" });
    expect((await resume(workspace, "c", "third")).answer).toBe("20+30 third second query");
    const branches = (await workspace.runs())[0]?.branches ?? [];
    expect(branches.map(({ id, parent }) => [id, parent?.branch])).toEqual([
      ["a", "main"],
      ["b", "a"],
      ["c", "a"],
      ["main", undefined],
    ]);
  });

  test("keeps only what came before in the log when it is told to", async () => {
    const workspace = await openedWorkspace();
    const graph = await recordRun(workspace, "run");
    const at = "root.left#0";
    const { kept } = await workspace.fork({ at, keep: "before", name: "early" });
    expect(kept).toBe(graph.at(at).length);
    expect((await resume(workspace, "early")).answer).toBe("20+30 second second query");
  });

  test("begins with the edits it was given, or is not made at all", async () => {
    const workspace = await openedWorkspace();
    await recordRun(workspace, "run");
    const code = { kind: "code", agentId: "root.left", code: "done(1)" } as const;
    const { graph } = await workspace.fork({ at: "root.left#3", name: "edited", edits: [code] });
    expect(graph.head("root.left")).toMatchObject({
      type: "action",
      code: "done(1)",
      replaces: "root.left#3",
    });
    expect((await resume(workspace, "edited")).answer).toBe("1+30 second second query");
    const refused = workspace.fork({ at: "root.left#2", name: "wrong", edits: [code] });
    await expect(refused).rejects.toMatchObject({ code: "edit_refused" });
    await expect(workspace.load("run", "wrong")).rejects.toMatchObject({ code: "not_found" });
  });

  test("of a live run leaves the run alone", async () => {
    const workspace = await openedWorkspace();
    const { flow } = countingFlow(mapReduce("first"), workspace);
    await using _ = flow;
    let graph = await flow.start("Read both sides.", { runId: "run" });
    while (!graph.finished) {
      graph = await flow.step(graph);
      if (graph.length > 5) await workspace.fork({ at: "root#1" });
    }
    expect(graph.result).toBe("20+30 first first query");
    expect((await resume(workspace, "fork-2")).answer).toBe("20+30 second second query");
  });
});

describe("a fork that can't be made", () => {
  const cases: readonly (readonly [ForkOptions, string, RegExp])[] = [
    [{ at: "root#77" }, "not_found", /There is no node "root#77" to fork at; ids look like/],
    [{ at: "root#1", branch: "nope" }, "not_found", /has no branch nope; it has main, taken/],
    [{ at: "root#1", runId: "nope" }, "not_found", /There is no run nope in .*; it has run/],
    [{ at: "root#1", name: "taken" }, "already_exists", /Branch taken of run run is there already/],
    [{ at: "root#1", name: "main" }, "already_exists", /Branch main of run run is there already/],
    [{ at: "root#1", name: "../../x" }, "invalid_options", /cannot be the id of a branch: it takes 1 to 64/],
  ];
  test.each(cases)("%j is refused with what to do", async (options, code, says) => {
    const workspace = await openedWorkspace();
    await recordRun(workspace, "run");
    await workspace.fork({ at: "root#1", name: "taken" });
    const refused = workspace.fork(options);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(says);
    expect((await workspace.runs())[0]?.branches).toHaveLength(2);
  });

  test("of a damaged log names file and line", async () => {
    const workspace = await openedWorkspace();
    await recordRun(workspace, "run");
    const { log } = workspace.branchPaths("run");
    const lines = (await readFile(log, "utf8")).split("\n");
    lines[3] = lines[3]?.replace("root", "rot") ?? "";
    await writeFile(log, lines.join("\n"));
    await expect(workspace.fork({ at: "root#1" })).rejects.toThrow(
      /log\.jsonl line 4 is damaged: its checksum/,
    );
  });

  test("where there is no workspace says what is there", async () => {
    const directory = await temporaryDirectory();
    await appendFile(`${directory}/notes.txt`, "hello");
    const workspace = await openedWorkspace(directory);
    await expect(workspace.fork({ at: "root#1" })).rejects.toThrow(/it is no workspace.*notes\.txt/);
  });
});

test("stepping an older graph forks too, with the files as they were", async () => {
  const { fileTools } = await import("@rlmflow/tools");
  const workspace = await openedWorkspace();
  const script = ({ turn }: { turn: number }) =>
    turn < 2
      ? block(`await writeFile('note.txt', 'turn ${turn}')`)
      : block("done(await readFile('note.txt'))");
  const { flow } = countingFlow(script, workspace, fileTools(workspace));
  await using _ = flow;
  const { graph } = await flow.run("Write.", { runId: "run" });
  expect(graph.result).toBe("turn 1");
  const rewound = await flow.step(graph.at("root#2"));
  const { files } = workspace.branchPaths("run", rewound.branch);
  expect(await readFile(`${files}/note.txt`, "utf8")).toBe("turn 0");
  expect(await readFile(workspace.path("note.txt"), "utf8")).toBe("turn 1");
});
