import { type Graph, RLMError, type RunNode } from "@rlmflow/core";
import { nodeUsage } from "@rlmflow/core/store";
import { describe, expect, test } from "vitest";
import {
  COLUMN_NAMES,
  decodeColumns,
  encodeColumns,
  FLAGS,
  NODE_BYTES,
  NODE_TYPES,
  NONE,
  Skeleton,
} from "../../src/index.ts";
import { goldenGraph } from "../sample-graphs.ts";

const graph = goldenGraph();
const nodes = [...graph.walk()];

function known(node: RunNode, field: "input" | "cached" | "output" | "costMicroUsd"): number {
  return nodeUsage(node).reduce((sum, usage) => sum + (usage[field] ?? 0), 0);
}

describe("a skeleton", () => {
  const skeleton = Skeleton.of(graph);
  const { columns } = skeleton;

  test("says of each node what the node says", () => {
    expect(skeleton.length).toBe(nodes.length);
    for (const [position, node] of nodes.entries()) {
      expect(skeleton.position(node.id), node.id).toBe(position);
      expect(NODE_TYPES[columns.type[position] ?? -1], node.id).toBe(node.type);
      expect(columns.startedAt[position], node.id).toBe(node.startedAt);
      expect(columns.duration[position], node.id).toBe((node.endedAt - node.startedAt) * 10);
      expect(skeleton.agents[columns.agent[position] ?? -1]?.id, node.id).toBe(node.agentId);
      expect(columns.input[position], node.id).toBe(known(node, "input"));
      expect(columns.cached[position], node.id).toBe(known(node, "cached"));
      expect(columns.output[position], node.id).toBe(known(node, "output"));
      expect(columns.cost[position], node.id).toBe(known(node, "costMicroUsd"));
      const parent = columns.parent[position];
      expect(parent === NONE ? null : nodes[parent ?? -1]?.id, node.id).toBe(node.parentId);
    }
  });

  test("marks what ends an agent, what failed and what people made", () => {
    const marked = (flag: number) => nodes.filter((_, at) => ((columns.flags[at] ?? 0) & flag) !== 0);
    expect(marked(FLAGS.end).map(({ id }) => id)).toEqual(
      nodes
        .filter((node) => node.type === "result" || (node.type === "error" && node.fatal))
        .map(({ id }) => id),
    );
    expect(marked(FLAGS.edited).map(({ id }) => id)).toEqual(
      nodes.filter(({ origin }) => origin === "user").map(({ id }) => id),
    );
    expect(marked(FLAGS.intent).map(({ type }) => type)).toEqual(["call"]);
    const failed = nodes.filter(
      (node) => node.type === "error" || (node.type === "call" && node.outcome?.ok === false),
    );
    expect(failed.length).toBeGreaterThan(3);
    for (const node of failed) expect(marked(FLAGS.failed)).toContain(node);
  });

  test("has the agents with their parents, and who waits for whom", () => {
    expect(skeleton.agents.map(({ id }) => id)).toEqual(graph.agents());
    for (const { id, parent, first } of skeleton.agents) {
      const above = id.includes(".") ? id.slice(0, id.lastIndexOf(".")) : null;
      expect(parent === null ? null : skeleton.agents[parent]?.id).toBe(above);
      expect(nodes[first]?.id).toBe(`${id}#0`);
    }
    const waits = nodes.flatMap((node, position) =>
      node.type === "supervising" && node.waits.length > 0
        ? [
            [
              position,
              node.waits.flatMap((wait) => wait.agents).filter((id) => graph.agents().includes(id)),
            ] as const,
          ]
        : [],
    );
    expect(
      skeleton.waits.map(({ position, agents }) => [position, agents.map((at) => skeleton.agents[at]?.id)]),
    ).toEqual(waits);
  });

  test("of a prefix is the prefix of the whole, and grows to it node by node", () => {
    const growing = new Skeleton();
    for (const [position, node] of nodes.entries()) {
      growing.add(node);
      if (position % 7 !== 0 && position !== nodes.length - 1) continue;
      for (const name of COLUMN_NAMES)
        expect([...growing.columns[name]], name).toEqual([...columns[name].subarray(0, position + 1)]);
    }
    expect(growing.agents).toEqual(skeleton.agents);
    expect(growing.strings).toEqual(skeleton.strings);
    expect(() => growing.add(nodes[0] as RunNode)).toThrow("There is a node root#0 already");
  });

  test("takes 48 bytes a node, whatever the node holds", () => {
    expect(NODE_BYTES).toBe(48);
    expect(encodeColumns(columns).length - 16).toBe(48 * nodes.length);
  });
});

describe("columns as bytes", () => {
  const { columns } = Skeleton.of(graph);
  const bytes = encodeColumns(columns);

  test.each([0, 1, 3, 8])("are read back from %i bytes behind the beginning of a buffer", (offset) => {
    const shifted = new Uint8Array(bytes.length + offset).subarray(offset);
    shifted.set(bytes);
    const read = decodeColumns(shifted);
    for (const name of COLUMN_NAMES) expect([...read[name]], name).toEqual([...columns[name]]);
  });

  test.each([
    ["nothing", new Uint8Array()],
    ["a text", new TextEncoder().encode("{}".repeat(40))],
    ["a beginning", bytes.subarray(0, 60)],
    ["a header alone", bytes.subarray(0, 16)],
    ["one byte too many", Uint8Array.of(...bytes, 0)],
    ["another version", bytes.map((byte, at) => (at === 5 ? 9 : byte))],
  ])("are refused when they are %s", (_, wrong) => {
    expect(() => decodeColumns(wrong)).toThrow(RLMError);
    expect(() => decodeColumns(wrong)).toThrow(/columns/);
  });
});

test("a skeleton of a graph without nodes is empty", () => {
  const empty = Skeleton.of({ *walk() {} } as unknown as Graph);
  expect(empty.length).toBe(0);
  expect(decodeColumns(encodeColumns(empty.columns)).type).toHaveLength(0);
});
