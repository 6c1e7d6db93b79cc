import type { Graph } from "@rlmflow/core";
import { agentState } from "@rlmflow/core/driver";
import { nodeUsage } from "@rlmflow/core/store";
import { describe, expect, test } from "vitest";
import { activityAt, RunAtSteps, Skeleton, SUMMED, type SumName } from "../../src/index.ts";
import { goldenGraph, randomGraph } from "../sample-graphs.ts";

/** The same sums from the nodes themselves. */
function sumsOf(graph: Graph, agentId: string, isTotal: boolean): Record<SumName, number> {
  const sums = Object.fromEntries(SUMMED.map((name) => [name, 0])) as Record<SumName, number>;
  for (const node of graph.walk()) {
    const isBelow = node.agentId.startsWith(`${agentId}.`);
    if (node.agentId !== agentId && !(isTotal && isBelow)) continue;
    sums.nodes += 1;
    if (node.type === "action") sums.replies += 1;
    if (node.type === "error") sums.errors += 1;
    const usages = nodeUsage(node);
    for (const { input, cached, output, costMicroUsd } of usages) {
      sums.input += input ?? 0;
      sums.cached += cached ?? 0;
      sums.output += output ?? 0;
      sums.cost += costMicroUsd ?? 0;
    }
    if (usages.some(({ input, output }) => input === null || output === null)) sums.unknownTokens += 1;
    if (usages.some(({ costMicroUsd }) => costMicroUsd === null)) sums.unknownCost += 1;
    if ("block" in node) sums.codeMs += Math.round(node.block?.codeMs ?? 0);
  }
  return sums;
}

describe.each([
  ["the golden run", goldenGraph],
  ["a random run", () => randomGraph(26)],
])("%s at a step", (_, make) => {
  test("has the sums that its nodes add up to, of each agent and of all below it", async () => {
    const graph = await make();
    const skeleton = Skeleton.of(graph);
    const steps = new RunAtSteps(skeleton);
    const nodes = [...graph.walk()];
    for (let step = 0; step <= nodes.length; step += 1 + Math.floor(nodes.length / 9)) {
      const prefix = step === 0 ? null : graph.at(nodes[step - 1]?.id ?? "");
      const { own, total } = steps.at(step);
      for (const [index, { id }] of skeleton.agents.entries()) {
        const pick = (sums: typeof own) =>
          Object.fromEntries(Object.entries(sums).map(([name, column]) => [name, column[index]]));
        const zero = Object.fromEntries(Object.keys(own).map((name) => [name, 0]));
        expect(pick(own), `${id} at ${step}`).toEqual(prefix === null ? zero : sumsOf(prefix, id, false));
        expect(pick(total), `${id} at ${step}`).toEqual(prefix === null ? zero : sumsOf(prefix, id, true));
      }
    }
  });

  test("says what each agent does", async () => {
    const graph = await make();
    const skeleton = Skeleton.of(graph);
    const steps = new RunAtSteps(skeleton);
    for (const [position, node] of [...graph.walk()].entries()) {
      const state = steps.at(position + 1);
      const agent = skeleton.agentIndex(node.agentId) ?? -1;
      const head = agentState(graph.at(node.id), node.agentId)?.head;
      const expected =
        head?.type === "result"
          ? "done"
          : head?.type === "error"
            ? head.fatal
              ? "failed"
              : "model"
            : head?.type === "action"
              ? "code"
              : head?.type === "supervising"
                ? "waiting"
                : "model";
      expect(activityAt(state, skeleton, agent), node.id).toBe(expected);
    }
    const before = steps.at(0);
    expect(skeleton.agents.map((_agent, index) => activityAt(before, skeleton, index))).toEqual(
      skeleton.agents.map(() => "absent"),
    );
  });
});

test("a step is the same whichever was asked before, and a step past the end is the end", async () => {
  const graph = await randomGraph(21);
  const skeleton = Skeleton.of(graph);
  const steps = new RunAtSteps(skeleton);
  const once = Array.from({ length: graph.length + 1 }, (_, step) => new RunAtSteps(skeleton).at(step));
  for (const step of [graph.length, 0, 7, 3, graph.length - 1, 1]) expect(steps.at(step)).toEqual(once[step]);
  expect(steps.at(graph.length + 5)).toEqual(steps.at());
});

test("steps of a run that grows are those of the run when it is whole, over the states that are kept", async () => {
  const graph = await randomGraph(21);
  const nodes = [...graph.walk()];
  // Enough nodes for several states: the same run again and again, under other names.
  const many = Array.from({ length: Math.ceil(10_000 / nodes.length) }, (_, copy) =>
    nodes.map((node) => ({ ...node, id: `${copy}${node.id}`, agentId: `${copy}${node.agentId}` })),
  ).flat();
  const [growing, whole] = [new Skeleton(), new Skeleton()];
  for (const node of many) whole.add(node);
  const steps = new RunAtSteps(growing);
  for (const [position, node] of many.entries()) {
    growing.add(node);
    if (position % 3000 === 0) steps.at();
  }
  for (const step of [4095, 4096, 4097, 8192, 9000, many.length])
    expect(steps.at(step)).toEqual(new RunAtSteps(whole).at(step));
});

test("the states that are kept take room in proportion to the nodes, however many agents there are", async () => {
  const [query] = [...(await goldenGraph()).walk()];
  if (query?.type !== "query") throw new Error("the golden run begins with a query");
  const skeleton = new Skeleton();
  const [agents, nodes] = [40_000, 120_000];
  for (let at = 0; at < nodes; at++)
    skeleton.add({ ...query, id: `${at}`, agentId: `a${at % agents}`, parentId: null });
  const steps = new RunAtSteps(skeleton);
  const before = process.memoryUsage().arrayBuffers;
  expect(steps.at().own.nodes[agents - 1]).toBe(3);
  // A state takes 84 bytes an agent. One every 4,096 nodes would be 29 of them.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 84 * agents);
});
