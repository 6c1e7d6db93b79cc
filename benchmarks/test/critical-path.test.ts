import { expect, it } from "vitest";
import { criticalPath } from "../src/critical-path.ts";
import { stubFlow } from "../src/stub/stub-flow.ts";
import type { Task } from "../src/stub/task.ts";

async function graphOf(task: Task) {
  await using flow = stubFlow();
  return (await flow.run(JSON.stringify(task))).graph;
}

it("replies of one agent follow each other", async () => {
  const graph = await graphOf({ kind: "loop", replies: 4 });
  expect(criticalPath(graph, { reply: (_, turn) => 10 ** turn, question: () => 0 })).toBe(1111);
});

it("of the children the slowest counts, its question included", async () => {
  const graph = await graphOf({ kind: "tree", agents: 4, fan: 3, ask: true });
  expect(graph.agents()).toEqual(["root", "root.c", "root.c_1", "root.c_2"]);
  const reply = (agentId: string) => (agentId === "root" ? 100 : agentId === "root.c_1" ? 7 : 5);
  // root.c_1 takes 7 and its question 1; root.c_2 takes 5 and its question 4.
  const question = (_: string, child: number) => (child === 2 ? 4 : 1);
  expect(criticalPath(graph, { reply, question })).toBe(100 + 9 + 100);
});

it("a path through levels adds up", async () => {
  const graph = await graphOf({ kind: "tree", agents: 7, fan: 2, ask: false });
  expect(graph.agentCount).toBe(7);
  expect(criticalPath(graph, { reply: () => 1, question: () => 0 })).toBe(5);
});
