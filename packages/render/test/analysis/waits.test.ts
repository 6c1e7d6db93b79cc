import type { Graph, RunNode } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { RunBuilder } from "../../../core/test/data/run-builder.ts";
import { activityAt, criticalPath, RunAtSteps, RunWaits, Skeleton } from "../../src/index.ts";
import { goldenGraph, randomGraph } from "../sample-graphs.ts";

const isEnd = (node: RunNode) => node.type === "result" || (node.type === "error" && node.fatal);

/** The node that ended the query which a child had when it was waited for, searched for node by node. */
function settled(nodes: readonly RunNode[], child: string, from: number): number | null {
  let asked = -1;
  for (let at = 0; at < from; at++)
    if (nodes[at]?.agentId === child && nodes[at]?.type === "query") asked = at;
  const end = nodes.findIndex((node, at) => at > asked && node.agentId === child && isEnd(node));
  return asked < 0 || end < 0 ? null : end;
}

/** The children that an agent of this graph waits for: those of the waits since its last action that have not ended. */
function unsettled(graph: Graph, agentId: string): readonly string[] {
  const chain = graph.chain(agentId);
  if (chain.at(-1)?.type !== "supervising") return [];
  const nodes = [...graph.walk()];
  const action = chain.findLastIndex((node) => node.type === "action");
  const open = chain
    .slice(action)
    .flatMap((node) =>
      node.type === "supervising"
        ? node.waits
            .flatMap((wait) => wait.agents)
            .filter((id) => settled(nodes, id, nodes.indexOf(node)) === null)
        : [],
    );
  return [...new Set(open)].filter((id) => graph.agents().includes(id));
}

describe.each([
  ["the golden run", async () => goldenGraph()],
  ["a random run", () => randomGraph(26)],
  ["another", () => randomGraph(17)],
])("the waits of %s", (_, make) => {
  test("end when the children end that the record names", async () => {
    const graph = await make();
    const nodes = [...graph.walk()];
    const skeleton = Skeleton.of(graph);
    const { outcomes } = new RunWaits(skeleton);
    expect(outcomes.length).toBe(
      nodes.filter((node) => node.type === "supervising" && node.waits.length > 0).length,
    );
    for (const { position, agent, children, over } of outcomes) {
      const id = skeleton.agents[agent]?.id ?? "";
      expect(nodes[position]?.agentId).toBe(id);
      for (const child of children)
        expect(child.settled, `${nodes[position]?.id}`).toBe(
          settled(nodes, skeleton.agents[child.agent]?.id ?? "", position),
        );
      const next = nodes.findIndex(
        (node, at) => at > position && node.agentId === id && node.type !== "call",
      );
      expect(over).toBe(next < 0 ? null : next);
    }
  });

  test("say at every step which children hold an agent up, and who does so below them", async () => {
    const graph = await make();
    const skeleton = Skeleton.of(graph);
    const steps = new RunAtSteps(skeleton);
    const waits = new RunWaits(skeleton);
    let found = 0;
    for (const [position, node] of [...graph.walk()].entries()) {
      const state = steps.at(position + 1);
      const prefix = graph.at(node.id);
      for (const [index, { id }] of skeleton.agents.entries()) {
        const blockage = waits.blockageAt(state, index);
        const names = (blockage?.unsettled ?? []).map((at) => skeleton.agents[at]?.id);
        expect(names.toSorted(), `${id} at ${node.id}`).toEqual(unsettled(prefix, id).toSorted());
        if (blockage === null) continue;
        found += 1;
        expect(blockage.unsettled).toContain(blockage.path[0]);
        const ids = [id, ...blockage.path.map((at) => skeleton.agents[at]?.id ?? "")];
        for (const [place, below] of ids.slice(1).entries())
          expect(unsettled(prefix, ids[place] ?? ""), `${below} at ${node.id}`).toContain(below);
        expect(unsettled(prefix, ids.at(-1) ?? "")).toEqual([]);
        expect(blockage.since).toBe(prefix.head(ids.at(-1) ?? "")?.endedAt);
      }
    }
    expect(found).toBeGreaterThan(0);
  });
});

test("a person who speaks to an agent that waits does not end its wait", () => {
  const run = new RunBuilder();
  run.query("root", "Go.");
  run.action("root", "await wait(delegate('a', 'Q'), delegate('b', 'Q'))");
  const children = ["root.a", "root.b"];
  for (const [index, child] of children.entries()) run.delegate("root", index, child);
  run.supervising("root", [{ index: 2, agents: children }]);
  const edit = { kind: "say", agentId: "root", text: "Hurry." } as const;
  run.add("root", { type: "observation", content: edit.text, edit, origin: "user" });
  run.result("root.a", 1);
  run.supervising("root", []);
  const skeleton = Skeleton.of(run.graph);
  const waits = new RunWaits(skeleton);
  const [waiting = -1, said = -1] = ["root#2", "root#3"].map((id) => skeleton.position(id));
  const steps = new RunAtSteps(skeleton);
  for (const step of [waiting + 1, said + 1, skeleton.length])
    expect(activityAt(steps.at(step), skeleton, 0), `${step}`).toBe("waiting");
  const names = (step: number) =>
    waits.blockageAt(steps.at(step), 0)?.unsettled.map((at) => skeleton.agents[at]?.id);
  expect(names(said + 1)).toEqual(children);
  expect(names(skeleton.length)).toEqual(["root.b"]);
  expect(waits.outcomes[0]?.over).toBe(skeleton.position("root#4"));
  expect(criticalPath(skeleton, waits).map(({ agent }) => skeleton.agents[agent]?.id)).toContain("root.a");
});
