import { Graph, type RunNode } from "@rlmflow/core";
import { collectGarbage } from "../collect-garbage.ts";
import { inFreshProcess } from "../fresh-process.ts";
import type { KeptMemory } from "../memory/kept-graphs.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import { finding, spelled } from "../summarize.ts";

const APPENDS = 20_000;

async function measureMemory({ runs, quick }: Effort): Promise<Finding> {
  const samples: KeptMemory[] = [];
  for (let run = 0; run < runs; run++)
    samples.push(await inFreshProcess("memory/kept-graphs.ts", quick ? 2000 : 10_000));
  const mebibytes = samples.map(({ last }) => last / 2 ** 20);
  return finding(
    samples.map(({ all, last }) => all / last),
    {
      what: "a graph value kept for each of 10,000 nodes, over the last alone: memory",
      unit: "x",
      bar: 1.5,
      detail: `the last alone ${spelled(mebibytes, "MiB")} of heap for ${samples[0]?.nodes ?? 0} nodes, nodes included`,
      limitedBy: "the size of a snapshot beside that of a node",
    },
  );
}

async function recordedGraph(nodes: number): Promise<Graph> {
  await using flow = stubFlow();
  return (await flow.run(JSON.stringify({ kind: "tree", agents: nodes / 5, fan: 50, ask: false }))).graph;
}

/** Microseconds of appending a node to the graph as it was in the middle of the run. */
function timeOfAppend(graph: Graph): number {
  const old = Graph.fromNodes(graph.run, graph.walk()).at(middleOf(graph).id);
  const node = nextNode(old);
  const startedAt = performance.now();
  for (let append = 0; append < APPENDS; append++) old.append([node]);
  return ((performance.now() - startedAt) * 1000) / APPENDS;
}

function middleOf(graph: Graph): RunNode {
  const node = [...graph.walk()][Math.floor(graph.length / 2)];
  if (node === undefined) throw new TypeError("The graph is empty.");
  return node;
}

/** A node the root could have been given at that moment. */
function nextNode(old: Graph): RunNode {
  const head = old.head("root");
  if (head === undefined) throw new TypeError("The graph has no root.");
  const place = old.chainLength("root");
  return {
    id: `root#${place}`,
    type: "observation",
    agentId: "root",
    parentId: head.id,
    n: old.nextN("root"),
    startedAt: 0,
    endedAt: 0,
    origin: "user",
    content: "go on",
    edit: { kind: "say", agentId: "root", text: "go on" },
  };
}

async function measureAppend({ runs }: Effort): Promise<Finding> {
  const [short, long] = [await recordedGraph(100), await recordedGraph(10_000)];
  const times: { short: number; long: number }[] = [];
  for (let run = -2; run < runs; run++) {
    await collectGarbage();
    // Whoever is first after a collection pays for it: nobody is.
    timeOfAppend(run % 2 === 0 ? short : long);
    const sample = { short: timeOfAppend(short), long: timeOfAppend(long) };
    if (run >= 0) times.push(sample);
  }
  const detail = `${spelled(
    times.map((time) => time.short),
    "µs",
  )} in a run of 100 nodes, ${spelled(
    times.map((time) => time.long),
    "µs",
  )} in one of 10,000; bisection makes it logarithmic, so that 100 times the nodes may take about twice the time`;
  return finding(
    times.map((time) => time.long / time.short),
    { what: "appending to an old graph: length 10,000 over length 100", unit: "x", bar: 2, detail },
  );
}

/** What it costs to keep every moment of a run, and to go on from one. */
export const keptGraphs: Row = {
  id: 4,
  title: "kept graph values",
  measure: async (effort) => [await measureMemory(effort), await measureAppend(effort)],
};
