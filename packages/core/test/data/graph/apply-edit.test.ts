import { describe, expect, test } from "vitest";
import { agentState } from "../../../src/data/graph/agent-state.ts";
import { applyEdit, type Edit, Graph, type RunNode } from "../../../src/index.ts";
import { RunBuilder } from "../run-builder.ts";
import { sampleNodes } from "../sample-nodes.ts";

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

/** An agent in each of the states it can be in, by what its newest node is. */
const STATES: Readonly<Record<string, (run: RunBuilder) => void>> = {
  query: () => {},
  action: (run) => void run.action("root", "1"),
  observation: (run) => {
    run.action("root", "1");
    run.observation("root", "seen");
  },
  supervising: (run) => {
    run.action("root", "1");
    run.delegate("root", 0, "root.a");
    run.supervising("root", [{ index: 1, agents: ["root.a"] }]);
  },
  resume: (run) => {
    STATES.supervising?.(run);
    run.result("root.a", 1);
    run.resume("root", "on");
  },
  error: (run) => {
    run.action("root", "1");
    run.error("root", "exception");
  },
  fatal: (run) => {
    run.action("root", "1");
    run.error("root", "request_failed", { fatal: true });
  },
  result: (run) => {
    run.action("root", "1");
    run.result("root", 1);
  },
};

const EDITS: readonly Edit[] = [
  { kind: "say", agentId: "root", text: "Mind the gap." },
  { kind: "code", agentId: "root", code: "done(2)" },
  { kind: "result", agentId: "root", result: { by: ["hand"] } },
  { kind: "cancel", agentId: "root", reason: "no need" },
  { kind: "final", agentId: "root" },
  { kind: "config", agentId: "root", config: { maxIterations: 7, maxMessages: null } },
];

function fits(state: string, { kind }: Edit): boolean {
  if (state === "fatal") return kind === "config";
  if (state === "result") return false;
  return kind !== "code" || state === "action";
}

describe("every edit in every state", () => {
  const cases = Object.keys(STATES).flatMap((state) => EDITS.map((edit) => ({ state, edit })));

  test.each(cases)("$edit.kind after $state lands as data or is refused", ({ state, edit }) => {
    const run = new RunBuilder();
    run.query("root", "Begin.");
    STATES[state]?.(run);
    const before = [...run.graph.walk()];
    const apply = () => applyEdit(run.graph, edit, 99);
    if (!fits(state, edit)) expect(apply).toThrow(/has ended with|has no code that waits/);
    else {
      const after = apply();
      const added = [...after.walk()].slice(before.length);
      expect(added.map((node) => node.origin)).toEqual(added.map(() => "user"));
      expect(added[0]).toMatchObject({ agentId: "root", startedAt: 99, endedAt: 99 });
      // What was serialised and read back is the same edit, with the same effect.
      const again = applyEdit(
        Graph.fromJSON(JSON.parse(JSON.stringify(run.graph))),
        structuredClone(edit),
        99,
      );
      expect(JSON.stringify(again)).toBe(JSON.stringify(after));
      expect([...Graph.fromJSON(JSON.parse(JSON.stringify(after))).walk()]).toEqual([...after.walk()]);
    }
    expect([...run.graph.walk()]).toEqual(before);
  });

  test("cancel ends every unfinished agent of the subtree and no other", () => {
    const run = new RunBuilder();
    run.query("root", "Begin.");
    run.action("root", "1");
    run.delegate("root", 0, "root.a");
    run.delegate("root", 1, "root.b");
    run.action("root.a", "2");
    run.delegate("root.a", 0, "root.a.x");
    run.delegate("root.a", 1, "root.a.y");
    run.result("root.a.y", 1);
    const graph = applyEdit(run.graph, { kind: "cancel", agentId: "root.a" }, 5);
    const added = [...graph.walk()].slice(run.graph.length);
    expect(added.map((node) => node.agentId)).toEqual(["root.a", "root.a.x"]);
    expect(added[1]).toMatchObject({
      kind: "cancelled",
      message: "Agent root.a.x was cancelled: cancelled by a user.",
    });
    expect(agentState(graph, "root.b")?.head.type).toBe("query");
  });

  test("names the agents there are when it knows no such one", () => {
    const run = new RunBuilder();
    run.query("root", "Begin.");
    const edit = { kind: "final", agentId: "root.x" } as const;
    expect(() => applyEdit(run.graph, edit, 5)).toThrow("There is no agent root.x. Agents: root.");
  });
});

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
    expect(() => applyEdit(ended, edit, 5)).toThrow(
      "and neither at a limit nor by a failed request or runtime; give it a further query",
    );
  });
});
