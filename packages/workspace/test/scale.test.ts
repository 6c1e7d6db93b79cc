import { readFile } from "node:fs/promises";
import type { RunNode } from "@rlmflow/core";
import { expect, test } from "vitest";
import { observation, run } from "./observation.ts";
import { openedWorkspace } from "./opened-workspace.ts";

const usage = { input: 1200, cached: 0, output: 300, reasoning: null, costMicroUsd: 455 };

/** What a usual agent leaves: an action, a call and an observation by turns. */
function usualNode(agentId: string, n: number): RunNode {
  const { id, parentId, startedAt, endedAt, origin } = observation(agentId, n);
  const common = { id, agentId, parentId, n, startedAt, endedAt, origin };
  if (n % 3 === 2) return observation(agentId, n, "line of output\n".repeat(8));
  if (n % 3 === 1) {
    const outcome = { ok: true, value: "an answer of some length" } as const;
    return {
      type: "call",
      ...common,
      index: 0,
      name: "llmQuery",
      args: ["what is this?", {}],
      outcome,
      usage,
    };
  }
  const code = "const x = CONTEXT.read(0, 100); console.log(x);\n".repeat(4);
  return {
    type: "action",
    ...common,
    reply: `I look.\n\`\`\`repl\n${code}\`\`\``,
    code,
    notice: null,
    model: "m",
    usage,
    finishReason: "stop",
    request: "0".repeat(64),
    attempts: [{ startedAt: 1, firstTokenAt: 2, endedAt: 3, outcome: "complete", usage }],
    final: false,
  };
}

test("a node of 50 MB is kept, read back and followed by others", async () => {
  const workspace = await openedWorkspace();
  const store = await workspace.createRun(run("run"));
  const large = observation("root", 0, "ä\u{1F600}\n".repeat(50_000_000 / 7));
  await Promise.all([
    store.append("root", 0, [large]),
    store.append("root", 1, [observation("root", 1)]),
    store.append("root.a", 0, [observation("root.a", 0)]),
  ]);
  await store.close();
  const [first, ...others] = await (await workspace.openRun("run")).read();
  expect(
    first?.type === "observation" && first.content === (large.type === "observation" && large.content),
  ).toBe(true);
  expect(others).toEqual([observation("root", 1), observation("root.a", 0)]);
});

test("100,000 nodes of 10,000 agents are opened in a small multiple of parsing them", {
  timeout: 300_000,
}, async () => {
  const workspace = await openedWorkspace();
  const store = await workspace.createRun(run("run"));
  const agents = Array.from({ length: 10_000 }, (_, index) => `root.a${index}`);
  for (let n = 0; n < 10; n++) {
    await Promise.all(agents.map((agent) => store.append(agent, n, [usualNode(agent, n)])));
  }
  await store.close();
  const lines = (await readFile(workspace.branchPaths("run").log, "utf8")).trimEnd().split("\n");
  const parsing: number[] = [];
  const opening: number[] = [];
  for (let round = 0; round < 3; round++) {
    parsing.push(time(() => lines.map((line): unknown => JSON.parse(line)).length));
    const began = performance.now();
    const nodes = await (await workspace.reader("run")).next();
    opening.push(performance.now() - began);
    expect(nodes.length).toBe(100_000);
  }
  const ratio = (opening.toSorted((a, b) => a - b)[1] ?? 0) / (parsing.toSorted((a, b) => a - b)[1] ?? 1);
  console.log(`opening 100,000 nodes takes ${ratio.toFixed(2)} times JSON.parse of their lines`);
});

function time(work: () => unknown): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}
