import { defineTool, type Graph, memoryStores, RLMFlow, type Runtime } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { checkRun, fixedEnvironment, type Script, scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { isolatedRuntime } from "../src/index.ts";

function block(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}

const lookUp = defineTool({
  name: "lookUp",
  description: "A fact by its key.",
  input: { type: "object", properties: { key: { type: "string" } }, required: ["key"] },
  repeat: "safe",
  run: ({ key }: { key: string }) => ({ key, length: key.length }),
});

const script: Script = {
  root: [
    block("const info = CONTEXT.info();\nprint(info);\nconst lines = CONTEXT.lineCount();\nlines"),
    block(
      [
        "const parts = CONTEXT.chunks(Math.ceil(CONTEXT.info().characters / 3));",
        "const handles = parts.map((part, i) => delegate('part', 'Count the words.', { context: part, output: { type: 'integer' } }));",
        "const counts = await Promise.all(handles);",
        "const fact = await lookUp('words');",
        "print(counts, fact, Math.random(), Date.now());",
      ].join("\n"),
    ),
    block("done({ lines, total: counts.reduce((a, b) => a + b, 0) })"),
  ],
  "root.part": [
    block(
      "const text = CONTEXT.read(0, CONTEXT.info().characters);\nconst words = text.split(/\\s+/).filter(Boolean).length;\nwords",
    ),
    block("done(words)"),
  ],
  "root.part_1": [
    block("done(CONTEXT.read(0, CONTEXT.info().characters).split(/\\s+/).filter(Boolean).length)"),
  ],
  "root.part_2": [
    block("done(CONTEXT.read(0, CONTEXT.info().characters).split(/\\s+/).filter(Boolean).length)"),
  ],
};

const context = Array.from({ length: 300 }, (_, line) => `line ${line} has a few words`).join("\n");

async function runOn(runtime: Runtime): Promise<Graph> {
  const environment = fixedEnvironment();
  const stores = memoryStores(environment.digest);
  const flow = new RLMFlow({
    client: scriptedClient(script),
    runtime,
    tools: [lookUp],
    workspace: stores,
    environment,
    closeRuntimes: false,
  });
  const { answer, graph } = await flow.run("Count lines and words.", { context, runId: "same" });
  expect(answer).toMatchObject({ lines: 300 });
  await checkRun(graph, { runtimes: { default: runtime }, store: await stores.openRun("same", "main") });
  await flow.close();
  return graph;
}

describe("a batch of queries", () => {
  test("over chunks of 20 MB is answered whole, though its prompts do not fit one activation", async () => {
    const characters = 20_000_000;
    const blocks = [
      "const notes = await llmQueryBatched(CONTEXT.chunks(200_000).map((part) => 'Summarize:\\n' + part.text()));",
      "await done([notes.length, notes.filter((note) => note === 'noted').length]);",
    ];
    let queries = 0;
    const client = scriptedClient(({ purpose, turn }) => {
      if (purpose === "act") return block(blocks[turn] ?? "");
      queries += 1;
      return "noted";
    });
    const runtime = isolatedRuntime({ spareProcesses: 0 });
    await using flow = new RLMFlow({ client, runtime });
    const { answer, graph } = await flow.run("Summarize.", { context: "0123456789".repeat(characters / 10) });
    expect(answer).toEqual([100, 100]);
    expect(queries).toBe(100);
    expect([...graph.walk()].filter((node) => node.type === "error")).toEqual([]);
  });
});

describe("a flow on real REPLs", () => {
  test("gives the same answer and the same outputs in isolates and in this process, and replays in either", async () => {
    await using isolated = Object.assign(isolatedRuntime(), { [Symbol.asyncDispose]: async () => {} });
    const local = localRuntime();
    const outputs = (graph: Graph) =>
      [...graph.walk()]
        // Whether a block is suspended on its children, or they are faster, is a matter of time.
        .filter((node) => node.type === "observation" || node.type === "resume")
        .map((node) => `${node.agentId}: ${node.content.replace(/17000000\d+/, "now")}`)
        .toSorted();
    try {
      const inIsolates = await runOn(isolated);
      const here = await runOn(local);
      expect(outputs(inIsolates)).toEqual(outputs(here));
    } finally {
      await isolated.close();
      await local.close();
    }
  });
});
