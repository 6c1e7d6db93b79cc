import type { Graph } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { criticalPath, RunWaits, Skeleton } from "../../src/index.ts";
import { goldenGraph, randomGraph } from "../sample-graphs.ts";

describe.each([
  ["the golden run", async () => goldenGraph()],
  ["a random run", () => randomGraph(26)],
  ["another", () => randomGraph(17)],
])("the critical path of %s", (_, make) => {
  async function pathOf(): Promise<{
    readonly graph: Graph;
    readonly skeleton: Skeleton;
    readonly path: ReturnType<typeof criticalPath>;
  }> {
    const graph = await make();
    const skeleton = Skeleton.of(graph);
    return { graph, skeleton, path: criticalPath(skeleton, new RunWaits(skeleton)) };
  }

  test("covers the time from the beginning to the root's end without a gap or an overlap", async () => {
    const { graph, path } = await pathOf();
    const [first] = graph.chain("root");
    expect(path[0]?.from).toBeLessThanOrEqual(graph.chain("root")[1]?.endedAt ?? 0);
    expect(path[0]?.from).toBeGreaterThanOrEqual(first?.startedAt ?? 0);
    expect(path.at(-1)?.to).toBe(graph.head("root")?.endedAt);
    for (const [place, span] of path.entries()) {
      expect(span.to).toBeGreaterThan(span.from);
      if (place > 0) expect(span.from).toBe(path[place - 1]?.to);
    }
  });

  test("is never in an agent that waits for a child, nor in one that has ended", async () => {
    const { graph, skeleton, path } = await pathOf();
    for (const { agent, from, to } of path) {
      const id = skeleton.agents[agent]?.id ?? "";
      const middle = (from + to) / 2;
      const node = graph.chain(id).find(({ endedAt }) => endedAt > middle);
      expect(node, `${id} at ${middle}`).toBeDefined();
    }
  });
});
