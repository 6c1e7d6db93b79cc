import { describe, expect, test } from "vitest";
import { processorMs } from "../../../../../test/processor-time.ts";
import { Graph, RLMError, type RunNode } from "../../../src/index.ts";
import { RunBuilder, runInfo } from "../run-builder.ts";
import { Seeded } from "../seeded.ts";

/** A graph and the list of nodes it should hold. */
interface Handle {
  readonly graph: Graph;
  readonly nodes: readonly RunNode[];
}

/** Everything a graph answers, from the list alone. */
class NaiveGraph {
  readonly nodes: readonly RunNode[];

  constructor(nodes: readonly RunNode[]) {
    this.nodes = nodes;
  }

  log(agentId: string): readonly RunNode[] {
    return this.nodes.filter((node) => node.agentId === agentId);
  }

  chain(agentId: string): readonly RunNode[] {
    return this.log(agentId).filter((node) => node.type !== "call");
  }

  agents(): readonly string[] {
    return [...new Set(this.nodes.map((node) => node.agentId))];
  }

  children(agentId: string): readonly string[] {
    const births = this.nodes.filter(
      (node) => node.type === "query" && node.n === 0 && node.parentId !== null,
    );
    return births.map((node) => node.agentId).filter((id) => id.slice(0, id.lastIndexOf(".")) === agentId);
  }

  calls(actionId: string, intent: boolean): readonly RunNode[] {
    return this.nodes.filter(
      (node) => node.type === "call" && node.parentId === actionId && (node.intent === true) === intent,
    );
  }
}

function compare({ graph, nodes }: Handle): void {
  const naive = new NaiveGraph(nodes);
  expect(graph.length).toBe(nodes.length);
  expect([...graph.walk()]).toEqual(nodes);
  expect(graph.last()).toBe(nodes.at(-1));
  expect(graph.agents()).toEqual(naive.agents());
  expect(graph.agentCount).toBe(naive.agents().length);
  for (const agentId of [...naive.agents(), "root.nobody"]) {
    expect(graph.log(agentId)).toEqual(naive.log(agentId));
    expect(graph.nextN(agentId)).toBe(naive.log(agentId).length);
    const chain = naive.chain(agentId);
    expect(graph.chain(agentId)).toEqual(chain);
    expect(graph.chainLength(agentId)).toBe(chain.length);
    expect(graph.head(agentId)).toBe(chain.at(-1));
    for (const place of [0, chain.length - 1, chain.length])
      expect(graph.chainAt(agentId, place)).toBe(chain[place]);
    expect(graph.children(agentId)).toEqual(naive.children(agentId));
    expect(graph.lastAction(agentId)).toBe(chain.findLast((node) => node.type === "action"));
  }
  for (const [position, node] of nodes.entries()) {
    expect(graph.find(node.id)).toBe(node);
    expect(graph.position(node.id)).toBe(position);
    if (node.type !== "action") continue;
    expect(graph.calls(node.id)).toEqual(naive.calls(node.id, false));
    expect(graph.intents(node.id)).toEqual(naive.calls(node.id, true));
  }
}

/** One to four nodes of one agent behind a graph. */
function grow({ graph, nodes }: Handle, random: Seeded): Handle {
  const builder = new RunBuilder(graph);
  const count = 1 + random.below(4);
  for (let made = 0; made < count; made++) growOnce(builder, random);
  return { graph: builder.graph, nodes: [...nodes, ...[...builder.graph.walk()].slice(nodes.length)] };
}

function growOnce(builder: RunBuilder, random: Seeded): void {
  const agents = builder.graph.agents();
  if (agents.length === 0) return void builder.query("root", "Begin.");
  const agentId = random.pick(agents);
  const action = builder.graph.lastAction(agentId);
  const index = action === undefined ? 0 : builder.graph.calls(action.id).length;
  const kind = action === undefined ? 0 : random.below(6);
  if (kind <= 1) builder.action(agentId, "1");
  else if (kind === 2) builder.observation(agentId, `seen ${random.below(1000)}`);
  else if (kind === 3) builder.call(agentId, index);
  else if (kind === 4 && builder.graph.intents(action?.id ?? "").length === index)
    builder.call(agentId, index, { intent: true, outcome: null });
  else builder.delegate(agentId, index, `${agentId}.c${builder.graph.children(agentId).length}`);
}

describe("a graph", () => {
  test.each([1, 2, 3, 4, 5, 6])(
    "answers like a list of nodes, whatever is appended and forked (seed %i)",
    (seed) => {
      const random = new Seeded(seed);
      const handles: Handle[] = [{ graph: Graph.empty(runInfo), nodes: [] }];
      for (let round = 0; round < 60; round++) {
        const handle = random.below(3) > 0 ? (handles.at(-1) ?? random.pick(handles)) : random.pick(handles);
        const at = handle.nodes[random.below(Math.max(1, handle.nodes.length))];
        const what = random.below(8);
        if (what === 0 && at !== undefined) {
          const nodes = handle.nodes.slice(0, handle.nodes.indexOf(at) + 1);
          handles.push({ graph: handle.graph.at(at.id), nodes });
        } else if (what === 1) {
          const branch = {
            id: `b${round}`,
            parent: { branch: "main", at: at?.id ?? "root#0" },
            createdAt: 1,
          };
          handles.push({ graph: handle.graph.onBranch({ ...runInfo, branch }), nodes: handle.nodes });
        } else handles.push(grow(handle, random));
      }
      for (const handle of handles) compare(handle);
      for (const { graph, nodes } of handles) {
        for (const other of handles) {
          const isPrefix = nodes.every((node, position) => other.nodes[position] === node);
          expect(graph.isPrefixOf(other.graph)).toBe(isPrefix);
        }
      }
    },
  );

  test("is frozen and stays as it was when others go on from it", () => {
    const builder = new RunBuilder();
    builder.query("root", "Begin.");
    const before = builder.graph;
    builder.action("root", "1");
    const other = new RunBuilder(before);
    other.action("root", "2");
    expect(Object.isFrozen(before)).toBe(true);
    expect(before.length).toBe(1);
    expect(builder.graph.chainAt("root", 1)).toMatchObject({ code: "1" });
    expect(other.graph.chainAt("root", 1)).toMatchObject({ code: "2" });
  });

  test("refuses a node out of place, and nothing of it stays behind", () => {
    const builder = new RunBuilder();
    builder.query("root", "Begin.");
    builder.action("root", "1");
    const [query, action] = [...builder.graph.walk()];
    if (query === undefined || action === undefined) throw new Error("two nodes were added");
    const begun = builder.graph.at(query.id);
    expect(() => builder.graph.append([action])).toThrow("the log of agent root goes on at 2");
    expect(() => begun.append([{ ...action, parentId: "root#9" }])).toThrow("root#9, which has not happened");
    expect(() => begun.append([{ ...action, id: "root#0" }])).toThrow("There is a node root#0 already");
    expect(begun.append([action]).length).toBe(2);
    compare({ graph: builder.graph, nodes: [query, action] });
  });

  test("says that a node is not there", () => {
    const builder = new RunBuilder();
    builder.query("root", "Begin.");
    expect(() => builder.graph.at("root#5")).toThrow("There is no node root#5 in this graph of 1 node");
  });

  test("adds up what agents and those below them used", () => {
    const builder = new RunBuilder();
    builder.query("root", "Begin.");
    const usage = (input: number) => ({ input, cached: null, output: 1, reasoning: null, costMicroUsd: 2 });
    const attempt = (input: number) => ({
      startedAt: 0,
      firstTokenAt: null,
      endedAt: 0,
      outcome: "complete" as const,
      usage: usage(input),
    });
    builder.action("root", "1", { attempts: [attempt(1), attempt(10)] });
    builder.call("root", 0, { name: "llmQuery", attempts: [attempt(100)] });
    builder.delegate("root", 1, "root.a");
    builder.action("root.a", "2", { attempts: [attempt(1000)] });
    builder.action("root.a", "3", { replaces: "root.a#1", attempts: [] });
    expect(builder.graph.ownUsage("root")).toMatchObject({ input: 111, output: 3, requests: 3 });
    expect(builder.graph.usage("root.a")).toMatchObject({ input: 1000, requests: 1 });
    expect(builder.graph.usage()).toMatchObject({ input: 1111, output: 4, requests: 4, costMicroUsd: 8 });
  });
});

describe("a graph document", () => {
  const builder = new RunBuilder();
  builder.query("root", "Begin.");
  builder.action("root", "1");
  builder.delegate("root", 0, "root.a");
  builder.result("root.a", "yes");
  builder.result("root", { deep: [1, null, "ä"] });
  const document = (): { nodes: Record<string, unknown>[] } & Record<string, unknown> =>
    JSON.parse(JSON.stringify(builder.graph));

  test("gives the same graph again", () => {
    const again = Graph.fromJSON(document());
    expect([...again.walk()]).toEqual([...builder.graph.walk()]);
    expect(again.run).toEqual(runInfo);
    expect(again.result).toEqual({ deep: [1, null, "ä"] });
    expect(JSON.stringify(again)).toBe(JSON.stringify(builder.graph));
    expect(Object.isFrozen(again.find("root#1"))).toBe(true);
  });

  test.each<[string, (nodes: Record<string, unknown>[]) => void, string]>([
    ["a field of another type", (nodes) => Object.assign(nodes[1] ?? {}, { reply: 7 }), "$.nodes[1].reply"],
    ["a type that is none", (nodes) => Object.assign(nodes[4] ?? {}, { type: "guess" }), "$.nodes[4].type"],
    ["a node twice", (nodes) => nodes.splice(2, 0, { ...nodes[1] }), "$.nodes[2]: "],
    ["a gap", (nodes) => nodes.splice(1, 1), "$.nodes[1]: "],
    [
      "an id of another place",
      (nodes) => Object.assign(nodes[5] ?? {}, { id: "root#7" }),
      "$.nodes[5]: the node root#7 should have the id root#2",
    ],
    [
      "a call of another index",
      (nodes) => Object.assign(nodes[2] ?? {}, { index: 3 }),
      "$.nodes[2]: the call root#1/0 should have the id root#1/3",
    ],
    [
      "a call without an action",
      (nodes) => Object.assign(nodes[2] ?? {}, { parentId: "root#0" }),
      "$.nodes[2]: the call root#1/0 has no action",
    ],
    [
      "a child nobody delegated to",
      (nodes) => Object.assign(nodes[3] ?? {}, { parentId: "root#1" }),
      "$.nodes[3]: the query root.a#0 has no delegate call",
    ],
    [
      "a parent that is skipped",
      (nodes) => Object.assign(nodes[5] ?? {}, { parentId: "root#0" }),
      "$.nodes[5]: the node root#2 should have the parent root#1",
    ],
  ])("says where it has %s", (_what, damage, place) => {
    const damaged = document();
    damage(damaged.nodes);
    expect(() => Graph.fromJSON(damaged)).toThrow(place);
    const caught = (() => {
      try {
        return Graph.fromJSON(damaged);
      } catch (error) {
        return error;
      }
    })();
    expect(RLMError.is(caught, "invalid_graph")).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ["text", "[]", "A graph document is a JSON object with format, run and nodes"],
    [
      "another format",
      { format: 99, nodes: [] },
      "has format 99; this version of rlmflow reads formats 1 to 2",
    ],
    ["no nodes", { format: 1, run: runInfo }, "$.nodes: expected a list"],
    ["no run", { format: 1, nodes: [] }, "$.run"],
  ])("refuses %s", (_what, given, message) => {
    expect(() => Graph.fromJSON(given)).toThrow(message);
  });
});

describe("time", () => {
  test("appending to an old graph costs the same however long the log is", async () => {
    const builder = new RunBuilder();
    builder.query("root", "Begin.");
    const graphs: Graph[] = [];
    for (let count = 0; count < 20_000; count++) {
      if (count % 2 === 0) builder.action("root", "1");
      else builder.observation("root", "seen");
      graphs.push(builder.graph);
    }
    const spent = await processorMs(() => {
      for (const graph of graphs) {
        const fork = new RunBuilder(graph);
        fork.observation("root", "fork");
        expect(fork.graph.length).toBe(graph.length + 1);
      }
    });
    // 20,000 copies of 10,000 nodes on average would be 200 million steps.
    expect(spent).toBeLessThan(5000);
  });
});
