import { describe, expect, test } from "vitest";
import { agentState } from "../../src/data/chain.ts";
import { applyEdit, Graph, type RunNode } from "../../src/index.ts";
import { sampleNodes } from "./sample-nodes.ts";

const [task] = sampleNodes();
if (task?.type !== "query") throw new Error("the first sample is no query");
const { config } = task;

/** The nodes behind each other in the root's chain. */
function chainOf(...nodes: readonly Partial<RunNode>[]): Graph {
  const placed = nodes.map((node, n) => ({
    ...task,
    ...node,
    id: `root#${n}`,
    n,
    parentId: n === 0 ? null : `root#${n - 1}`,
    startedAt: 1000 + n,
    endedAt: 1000 + n,
  }));
  const run = { runId: "r", branch: { id: "main", parent: null, createdAt: 0 }, metadata: {} };
  return Graph.fromNodes(
    run,
    placed.map((node) => node as RunNode),
  );
}

const query = { type: "query", config: { ...config, maxIterations: 3, maxDurationMs: 50 } } as const;
const atLimit = (name: string, value: number) =>
  ({
    type: "error",
    kind: "limit_reached",
    fatal: true,
    message: "m",
    content: "",
    limit: { name, value },
  }) as const;

describe("applyEdit", () => {
  test("refuses code where none waits to be run", () => {
    const edit = { kind: "code", agentId: "root", code: "1" } as const;
    expect(() => applyEdit(chainOf(query), edit, 5)).toThrow("has no code that waits to be run");
  });

  test("opens an agent again whose limit it raises, and lets it be asked", () => {
    const ended = chainOf(query, atLimit("maxDurationMs", 50));
    const edit = { kind: "config", agentId: "root", config: { maxDurationMs: 70 } } as const;
    const graph = applyEdit(ended, edit, 5000);
    expect(ended.finished).toBe(true);
    expect(graph.finished).toBe(false);
    expect(graph.head("root")).toMatchObject({ content: expect.stringContaining("It has been raised") });
    expect(agentState(graph, "root")).toMatchObject({ timedFrom: 5000, head: { id: "root#2" } });
  });

  test.each([
    ["maxIterations", 3, { maxIterations: 1 }, true],
    ["maxIterations", 3, { maxIterations: 0 }, false],
    ["maxTotalTokens", 100, { maxTotalTokens: 101 }, true],
    ["maxTotalTokens", 100, { maxTotalTokens: null }, true],
    ["maxTotalTokens", 100, { maxTotalTokens: 100 }, false],
    ["maxCostUsd", 0.5, { maxCostUsd: 0.6 }, true],
    ["maxCostUsd", 0.5, { maxTotalTokens: 1_000_000 }, false],
    ["another", 1, { maxDepth: 9 }, false],
  ] as const)("an end at %s = %d and the edit %j: opened %s", (name, value, patch, opened) => {
    const edit = { kind: "config", agentId: "root", config: patch } as const;
    const apply = () => applyEdit(chainOf(query, atLimit(name, value)), edit, 5000);
    if (opened) expect(apply().finished).toBe(false);
    else expect(apply).toThrow(`has ended with root#1 at ${name} = ${value}: only a higher ${name}`);
  });

  test("leaves ended what did not end at a limit", () => {
    const ended = chainOf(query, { ...atLimit("maxDepth", 1), kind: "refused" });
    const edit = { kind: "config", agentId: "root", config: { maxDepth: 70 } } as const;
    expect(() => applyEdit(ended, edit, 5)).toThrow("and not at a limit; give it a further task, or fork");
  });
});
