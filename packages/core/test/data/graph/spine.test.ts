import { expect, it } from "vitest";
import { Spine, SpinePrefix } from "../../../src/data/graph/spine.ts";
import { Graph, type RunNode } from "../../../src/index.ts";
import { broken } from "../../broken.ts";
import { sampleNodes } from "../sample-nodes.ts";

const run = { runId: "r", branch: { id: "main", parent: null, createdAt: 0 }, metadata: {} };

/** The observation that comes next in the root's chain. */
function next(graph: Graph, content: string): RunNode {
  const place = graph.chainLength("root");
  return {
    id: `root#${place}`,
    type: "observation",
    agentId: "root",
    parentId: graph.head("root")?.id ?? null,
    n: graph.nextN("root"),
    startedAt: 0,
    endedAt: 0,
    origin: "user",
    content,
  };
}

it("a fork of a fork, thousands deep, holds its own nodes and stays quick", () => {
  const [query] = sampleNodes();
  if (query === undefined) throw new TypeError("There is no sample.");
  let graph = Graph.fromNodes(run, [query]);
  for (let fork = 1; fork <= 5000; fork++) {
    const left = graph.append([next(graph, "left")]);
    const right = graph.append([next(graph, `right ${fork}`)]);
    expect(left.last()).toMatchObject({ content: "left" });
    graph = right;
  }
  const contents = graph.chain("root").map((node) => (node.type === "observation" ? node.content : "query"));
  expect(contents).toEqual(["query", ...Array.from({ length: 5000 }, (_, fork) => `right ${fork + 1}`)]);
  expect(graph.find("root#4000")).toMatchObject({ content: "right 4000" });
  // Without a bound on their depth this takes longer than a test may.
});

it("neither a fork nor a prefix goes beyond the nodes of its spine", () => {
  const spine = new Spine();
  class Prefix extends SpinePrefix {
    constructor(length: number) {
      super(spine, length);
    }
  }
  expect(new Prefix(0).length).toBe(0);
  expect(() => new Prefix(1)).toThrow(broken("a graph sees only nodes that its spine has"));
  expect(() => spine.fork(1)).toThrow(broken("a spine goes on from nodes that its base has"));
});
