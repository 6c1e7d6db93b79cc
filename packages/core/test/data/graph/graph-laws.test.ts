import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Graph, loadTrace, type QueryNode, type RunNode } from "../../../src/index.ts";

const TRACE = readFileSync(join(import.meta.dirname, "../../golden/format-1/trace.json"), "utf8");
const WHOLE = Graph.fromJSON(JSON.parse(TRACE));

/** The nodes of the recorded run without some, and with the `n` that a well-meaning editor would give the others. */
function without(isGone: (node: RunNode) => boolean): readonly RunNode[] {
  const next = new Map<string, number>();
  return [...WHOLE.walk()].flatMap((node) => {
    if (isGone(node)) return [];
    const n = next.get(node.agentId) ?? 0;
    next.set(node.agentId, n + 1);
    return [{ ...node, n }];
  });
}

/** What each way in says of these nodes. */
async function refusals(nodes: readonly RunNode[]): Promise<readonly string[]> {
  const document = { ...JSON.parse(TRACE), nodes };
  const ways: readonly (() => unknown)[] = [
    () => Graph.fromNodes(WHOLE.run, nodes),
    () => Graph.fromJSON(document),
    () => loadTrace(document),
    () => Graph.requireLawful(Graph.empty(WHOLE.run).append(nodes)),
  ];
  const said = await Promise.allSettled(ways.map(async (way) => way()));
  return said.map((one) => (one.status === "rejected" ? String(one.reason.message) : "accepted"));
}

describe("the laws of a run", () => {
  const awaited = [...WHOLE.walk()].flatMap((node) =>
    node.type === "call" &&
    node.name === "wait" &&
    node.outcome?.ok === true &&
    Array.isArray(node.outcome.value)
      ? node.outcome.value.map(String)
      : [],
  );

  test.each([...new Set(awaited)])(
    "miss the node %s that a wait has delivered, wherever it is read",
    async (id) => {
      const messages = await refusals(without((node) => node.id === id));
      expect(awaited.length).toBeGreaterThan(2);
      for (const message of messages) expect(message).toContain(id);
    },
  );

  test("are broken by every node that is gone, except for the end of a log", async () => {
    const last = [...WHOLE.walk()].filter(({ agentId, n }) => WHOLE.nextN(agentId) === n + 1);
    const optional = new Set(last.map(({ id }) => id).filter((id) => !awaited.includes(id)));
    for (const node of WHOLE.walk()) {
      if (optional.has(node.id) || node.type === "call") continue;
      const [message] = await refusals(without(({ id }) => id === node.id));
      expect(message, `without ${node.id}`).not.toBe("accepted");
    }
  });

  test.each<[string, (node: RunNode) => RunNode]>([
    ["a second root", (node) => (node.id === "root.scan#0" ? { ...node, parentId: null } : node)],
    ["another parent", (node) => (node.id === "root#5" ? { ...node, parentId: "root#2" } : node)],
    ["another id", (node) => (node.id === "root#5" ? { ...node, id: "root#50" } : node)],
    [
      "a call that gave another child",
      (node) =>
        node.type === "call" && node.name === "delegate" && node.outcome?.ok === true
          ? { ...node, outcome: { ok: true, value: "root.other" } }
          : node,
    ],
    [
      "a block resumed from nowhere",
      (node) => (node.type === "resume" ? { ...node, resumedFrom: "root#99" } : node),
    ],
  ])("are broken by %s, wherever it is read", async (_, change) => {
    for (const message of await refusals([...WHOLE.walk()].map(change))) expect(message).not.toBe("accepted");
  });

  test.each<[string, string, string, Partial<QueryNode>]>([
    ["a child's depth", "root.scan#0", "root.scan#0 has depth 2, and not 1", { depth: 2 }],
    ["the root's depth", "root#0", "root#0 has depth 1, and not 0", { depth: 1 }],
    [
      "the ordinal of a first query",
      "root.scan#0",
      "root.scan#0 has the ordinal 1, and not 0",
      { ordinal: 1 },
    ],
    [
      "the ordinal of a further query",
      "root.scan#5",
      "root.scan#5 has the ordinal 2, and not 1",
      { ordinal: 2 },
    ],
    [
      "a child's task",
      "root.scan#0",
      "root.scan#0 is not what its parent asked in root#",
      { query: "Something else." },
    ],
    [
      "a further query",
      "root.scan#5",
      "root.scan#5 is not what its parent asked in root#",
      { query: "Something else." },
    ],
    [
      "the seed of a further query",
      "root.scan#5",
      "root.scan#5 has another seed than root.scan",
      { seed: "other" },
    ],
    [
      "the values of a further query",
      "root.scan#5",
      "root.scan#5 has another globals",
      { globals: { a: 1 } },
    ],
    ["the contexts of a further query", "root.scan#5", "root.scan#5 has another contexts", { contexts: [] }],
  ])("are broken by another value of %s, wherever it is read", async (_, id, reason, change) => {
    const nodes = [...WHOLE.walk()];
    expect(nodes.find((node) => node.id === id)?.type).toBe("query");
    const changed = nodes.map((node) =>
      node.id === id && node.type === "query" ? { ...node, ...change } : node,
    );
    for (const message of await refusals(changed)) expect(message).toContain(reason);
  });

  test("leave what stands before the first fault", () => {
    const nodes = without(({ id }) => id === "root.scan#2" || id === awaited[0]);
    const { graph, fault } = Graph.longestLawful(WHOLE.run, nodes);
    expect(fault).not.toBeNull();
    expect(graph.length).toBe(fault?.position);
    expect(() => Graph.requireLawful(graph)).not.toThrow();
  });
});
