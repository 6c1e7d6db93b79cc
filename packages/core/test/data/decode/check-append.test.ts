import { expect, test } from "vitest";
import { checkAppend } from "../../../src/data/decode/decode.ts";
import { sampleNode } from "../sample-node.ts";

const NODES = [sampleNode("root", 2), sampleNode("root", 3)];

test("nodes that follow are given back frozen in a list of their own", () => {
  const checked = checkAppend({ agentId: "root", expectedN: 2, nodes: NODES, nextN: 2 });
  expect(checked).toEqual(NODES);
  expect(checked).not.toBe(NODES);
  expect(checked.every(Object.isFrozen)).toBe(true);
});

test("another n than the store's is a lost race that says where the agent is", () => {
  expect(() => checkAppend({ agentId: "root", expectedN: 2, nodes: NODES, nextN: 3 })).toThrow(
    "Agent root is at n 3, not at 2: another writer moved it.",
  );
});

test("nodes that are not the agent's or leave a gap are named", () => {
  const gap = [sampleNode("root", 2), sampleNode("root", 4)];
  expect(() => checkAppend({ agentId: "root", expectedN: 2, nodes: gap, nextN: 2 })).toThrow(
    "nodes[1] is n 4 of agent root, in an append for agent root at n 3.",
  );
  expect(() => checkAppend({ agentId: "root.a", expectedN: 2, nodes: NODES, nextN: 2 })).toThrow(
    "nodes[0] is n 2 of agent root, in an append for agent root.a",
  );
});
