import { checkRun } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { defaultEnvironment } from "../../../src/engine/environment/default-environment.ts";
import { endsAgent, Graph, memoryStores, planFork, RLMError, type RunNode } from "../../../src/index.ts";
import { inlineRuntime } from "../../engine/inline-runtime.ts";
import { below, randomFlow } from "../random-run.ts";

const { digest } = defaultEnvironment();

async function randomGraph(seed: number): Promise<Graph> {
  const { flow } = randomFlow(seed, memoryStores(digest));
  await using _ = flow;
  try {
    return (await flow.run("Do something.", { runId: `r${seed}` })).graph;
  } catch (error) {
    return graphOf(error);
  }
}

/** The graph of a run that failed. */
function graphOf(error: unknown): Graph {
  if (RLMError.is(error) && "graph" in error && error.graph instanceof Graph) return error.graph;
  throw error;
}

/** What must not be kept when these nodes are not: one pass over everything, again and again until nothing changes. */
function closure(graph: Graph, first: ReadonlySet<string>): ReadonlySet<string> {
  const nodes = [...graph.walk()];
  const gone = new Set(first);
  for (let size = -1; size !== gone.size; ) {
    size = gone.size;
    for (const [place, node] of nodes.entries())
      if (causesOf(nodes, place, node).some((id) => gone.has(id))) gone.add(node.id);
  }
  return gone;
}

function causesOf(nodes: readonly RunNode[], place: number, node: RunNode): readonly string[] {
  const earlier = nodes.slice(0, place);
  const own = earlier.filter(({ agentId }) => agentId === node.agentId);
  const causes = own.length === 0 ? [] : [own.at(-1)?.id ?? ""];
  if (node.type === "query" && node.parentId !== null) causes.push(node.parentId);
  if (node.type === "call" && node.outcome?.ok === true) {
    const { value } = node.outcome;
    if (node.name === "wait" && Array.isArray(value)) causes.push(...value.map(String));
    if (node.name === "delegate") {
      const ends = earlier.filter((before) => before.agentId === value && endsAgent(before));
      causes.push(...ends.map(({ id }) => id));
    }
  }
  if (endsAgent(node)) {
    const depth = node.agentId.split(".").length;
    const isChild = (id: string) => id.startsWith(`${node.agentId}.`) && id.split(".").length === depth + 1;
    const parent = node.agentId.split(".").slice(0, -1).join(".");
    causes.push(...earlier.filter((end) => isChild(end.agentId) && endsAgent(end)).map(({ id }) => id));
    const next = nodes.findIndex(({ agentId, n }) => agentId === node.agentId && n === node.n + 1);
    const until = nodes.slice(place, next < 0 ? nodes.length : next);
    causes.push(...until.filter((end) => isChild(end.agentId) && endsAgent(end)).map(({ id }) => id));
    const above = earlier.findLast(({ agentId, type }) => agentId === parent && type !== "call");
    if (isCancelled(node) && above !== undefined && endsAgent(above)) causes.push(above.id);
  }
  return causes;
}

function isCancelled(node: RunNode): boolean {
  return node.type === "error" && node.kind === "cancelled";
}

const ids = (nodes: Iterable<RunNode>) => Array.from(nodes, ({ id }) => id);

const seeds = Array.from({ length: 24 }, (_, index) => index + 1);

describe("planFork on random runs", () => {
  test.each(seeds)("keeps exactly what does not follow from what it drops, seed %i", async (seed) => {
    const graph = await randomGraph(seed);
    const nodes = [...graph.walk()];
    for (const at of nodes) {
      const { kept, dropped } = planFork(graph, at.id);
      const later = nodes.filter(({ agentId, n }) => agentId === at.agentId && n > at.n);
      const gone = closure(graph, new Set(ids(later)));
      expect(ids(dropped), at.id).toEqual(ids(nodes.filter(({ id }) => gone.has(id))));
      expect(kept.length + dropped.length).toBe(graph.length);
      expect(kept).toContain(at);
      await checkRun(Graph.fromNodes(graph.run, kept));
    }
  });

  test.each(seeds.slice(0, 8))(
    "keeps what goes on and asks for nothing that was kept, seed %i",
    async (seed) => {
      const graph = await randomGraph(seed);
      for (let round = 0; round < 6; round++) {
        const at = [...graph.walk()][below(graph.length, "at", seed, round)]?.id ?? "";
        const keep = round % 3 === 0 ? "before" : "independent";
        const { kept } = planFork(graph, at, keep);
        const run = {
          ...graph.run,
          branch: { id: `b${round}`, parent: { branch: "main", at }, createdAt: 1 },
        };
        const stores = memoryStores(digest);
        await (await stores.forkRun(run, kept)).close();
        const { flow, asked } = randomFlow(seed, stores);
        const resumed = Graph.fromNodes(run, kept);
        const ended = await flow.resume(resumed).then(
          (result) => result.graph,
          (error: unknown) => graphOf(error),
        );
        await flow.close();
        expect(ended.finished, at).toBe(true);
        const replies = ids(kept.filter(({ type }) => type === "action"));
        const made = [...ended.walk()].filter(({ type }) => type === "action").length - replies.length;
        expect(asked.length, `${keep} ${at}`).toBeGreaterThanOrEqual(made);
        expect(new Set(asked).size).toBe(asked.length);
        expect([...resumed.walk()].every((node) => ended.find(node.id) === node)).toBe(true);
        await checkRun(ended, { runtimes: { default: inlineRuntime() } });
      }
    },
  );
});

describe("planFork", () => {
  test("with `before` keeps the prefix of the log that ends with the node", async () => {
    const graph = await randomGraph(7);
    for (const at of graph.walk()) {
      const { kept } = planFork(graph, at.id, "before");
      const prefix = [...graph.at(at.id).walk()];
      expect(kept.slice(0, prefix.length)).toEqual(prefix);
      if (!graph.at(at.id).finished) expect(kept.length).toBe(prefix.length);
      expect(kept.slice(prefix.length).some(({ agentId }) => agentId === "root")).toBe(false);
      await checkRun(Graph.fromNodes(graph.run, kept));
    }
  });

  test("says which nodes there are when it knows none of that name", async () => {
    const graph = await randomGraph(3);
    expect(() => planFork(graph, "root.nobody#3")).toThrow(
      /There is no node "root\.nobody#3" to fork at; ids look like root#3 or root#3\/0\. Agents: root/,
    );
  });
});
