import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { chainedAgain } from "../chained-lines.ts";
import { openedWorkspace } from "../opened-workspace.ts";
import { block, countingFlow, recordRun } from "../recorded-run.ts";

/** A run whose second block writes so much that it becomes a blob. */
async function runWithBlob(workspace: Awaited<ReturnType<typeof openedWorkspace>>) {
  const script = ({ turn }: { turn: number }) =>
    block(["1", "print('x'.repeat(70_000))", "done(1)"][turn] ?? "");
  const { flow } = countingFlow(script, workspace);
  await using _ = flow;
  return (await flow.run("Write.", { runId: "run" })).graph;
}

describe("examining a branch", () => {
  test("gives the whole graph of a good one", async () => {
    const workspace = await openedWorkspace();
    const graph = await recordRun(workspace, "run");
    const { good, findings } = await workspace.examine("run", "main");
    expect(good.toJSON()).toEqual(graph.toJSON());
    expect(findings).toEqual([]);
    expect(await workspace.branches()).toEqual([{ runId: "run", branchId: "main" }]);
  });

  test("gives what stands before a blob that is gone, or was changed", async () => {
    for (const damage of ["gone", "changed"]) {
      const workspace = await openedWorkspace();
      const graph = await runWithBlob(workspace);
      const blobs = join(workspace.directory, ".rlmflow/blobs");
      const sizes = await Promise.all(
        (await readdir(blobs)).map(
          async (name) => [name, (await readFile(join(blobs, name))).length] as const,
        ),
      );
      const [name = ""] = sizes.find(([, size]) => size > 70_000) ?? [];
      if (damage === "gone") await rm(join(blobs, name));
      else await writeFile(join(blobs, name), "other");
      const { good, findings } = await workspace.examine("run", "main");
      expect(good.last()?.id).toBe("root#3");
      expect(good.length).toBe(graph.length - 3);
      expect(findings).toMatchObject([
        { severity: "problem", message: expect.stringContaining("Node root#4 needs") },
      ]);
    }
  });

  test("tells a line that is being written from one that was left", async () => {
    const workspace = await openedWorkspace();
    await recordRun(workspace, "run");
    const { log } = workspace.branchPaths("run");
    const text = await readFile(log, "utf8");
    await using store = Object.assign(await workspace.openRun("run"), {
      [Symbol.asyncDispose]: async () => {},
    });
    await writeFile(log, `${text}{"v":2,"agent":"ro`);
    const { findings } = await workspace.examine("run", "main");
    expect(findings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/bytes behind the last whole line: a line is being written/),
      expect.stringMatching(/^Process \d+ is writing the branch/),
    ]);
    await writeFile(log, text);
    await store.close();
  });

  test("says that whole lines are no run when they do not fit each other", async () => {
    const workspace = await openedWorkspace();
    await recordRun(workspace, "run");
    const { log, head } = workspace.branchPaths("run");
    const lines = (await readFile(log, "utf8")).split("\n").slice(0, -1);
    const child = lines.findIndex((line) => line.includes('"agent":"root.left"'));
    const call = lines.findIndex((line) => line.includes('"name":"delegate"'));
    const [moved = ""] = lines.splice(child, 1);
    lines.splice(call, 0, moved);
    await writeFile(log, chainedAgain(lines));
    await rm(head);
    const { good, findings } = await workspace.examine("run", "main");
    expect(findings[0]?.message).toMatch(
      /its lines are whole|Its lines are whole, but node \d+ does not fit/,
    );
    await checkRun(good);
  });

  test("copies a good part with its payloads", async () => {
    const workspace = await openedWorkspace();
    const graph = await runWithBlob(workspace);
    const target = await openedWorkspace();
    await workspace.copyBranch(graph.at("root#4"), target);
    const copied = await target.examine("run", "main");
    expect(copied.findings).toEqual([]);
    expect(copied.good.length).toBe(graph.at("root#4").length);
    await expect(workspace.copyBranch(graph, target)).rejects.toMatchObject({ code: "already_exists" });
  });
});
