import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RLMError, RLMFlow, RunError } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { openWorkspace, type Workspace } from "../src/index.ts";
import { block } from "./recorded-run.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A workspace with a run over one context, of a flow whose requests are written down, and that context's file. */
async function runOverText(maxIterations: number) {
  const directory = await temporaryDirectory();
  const workspace = await openWorkspace(directory);
  onTestFinished(() => workspace.close());
  await using flow = flowOf(workspace, [], maxIterations);
  const graph = await flow.run("Read it.", { context: "the text" }).then(
    (done) => done.graph,
    (error: unknown) => {
      if (error instanceof RunError) return error.graph;
      throw error;
    },
  );
  const folder = join(directory, ".rlmflow", "context");
  const [name = ""] = await readdir(folder);
  return { workspace, graph, file: join(folder, name) };
}

function flowOf(workspace: Workspace, asked: string[], maxIterations = 10): RLMFlow {
  const client = scriptedClient(({ agentId, turn }) => {
    asked.push(`${agentId} ${turn}`);
    return block(turn === 0 ? "let seen = CONTEXT.read(0, 8)" : "done(seen)");
  });
  return new RLMFlow({ client, runtime: localRuntime(), workspace, config: { maxIterations } });
}

async function refusal(run: PromiseLike<unknown>): Promise<string> {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return RLMError.is(error, "damaged_log") ? error.message : `no such error: ${String(error)}`;
}

describe("a run whose context is gone from the workspace", () => {
  test("is not resumed, nobody is asked, and goes on when the file is back", async () => {
    const { workspace, graph, file } = await runOverText(1);
    const kept = await readFile(file);
    await rm(file);
    const asked: string[] = [];
    await using flow = flowOf(workspace, asked);
    const config = { maxIterations: 5 };
    expect(await refusal(flow.resume(graph, { config }))).toMatch(
      /^Run .* branch main can't go on: root#0 needs what is lost: There is no context .* Nothing was asked\. Restore the files/,
    );
    expect(await refusal(flow.step(graph))).toContain("root#0 needs what is lost");
    expect(asked).toEqual([]);
    await writeFile(file, kept);
    // The branch was given back: it can be opened again at once.
    expect((await flow.resume(graph, { config })).answer).toBe("the text");
    expect(asked).toEqual(["root 1"]);
  });

  test("is not resumed when the file no longer holds what it held", async () => {
    const { workspace, graph, file } = await runOverText(1);
    await writeFile(file, "another text");
    const asked: string[] = [];
    await using flow = flowOf(workspace, asked);
    expect(await refusal(flow.resume(graph, { config: { maxIterations: 5 } }))).toContain(
      "its content no longer has the digest that is its name",
    );
    expect(asked).toEqual([]);
  });

  test("still tells the answer that it has, and takes no further query", async () => {
    const { workspace, graph, file } = await runOverText(10);
    await rm(file);
    const asked: string[] = [];
    await using flow = flowOf(workspace, asked);
    expect((await flow.resume(graph)).answer).toBe("the text");
    expect(await refusal(flow.continue(graph, "Once more."))).toContain("root#0 needs what is lost");
    expect(asked).toEqual([]);
  });
});
