import type { Graph, RunNode } from "@rlmflow/core";
import { collectGarbage } from "../collect-garbage.ts";
import { inFreshProcess } from "../fresh-process.ts";
import type { KeptMemory } from "../memory/kept-graphs.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import { finding, spelled, summarize } from "../summarize.ts";

const APPENDS = 20_000;
const ROUNDS = 8;

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

/** Microseconds of an append. */
interface AppendTime {
  readonly cpu: number;
  readonly wall: number;
}

/** The graph as it was in the middle of the run, and a node for it; `newest` keeps it from being the newest. */
interface OldGraph {
  readonly newest: Graph;
  readonly old: Graph;
  readonly node: RunNode;
}

async function oldGraph(nodes: number): Promise<OldGraph> {
  const newest = await recordedGraph(nodes);
  const old = newest.at(middleOf(newest).id);
  return { newest, old, node: nextNode(old) };
}

function timeOfAppend({ old, node }: OldGraph): AppendTime {
  const usage = process.cpuUsage();
  const startedAt = performance.now();
  for (let append = 0; append < APPENDS; append++) old.append([node]);
  const wall = ((performance.now() - startedAt) * 1000) / APPENDS;
  const { user, system } = process.cpuUsage(usage);
  return { cpu: (user + system) / APPENDS, wall };
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

/** Medians of several rounds, in each of which the other graph is first; who is first after a collection pays for it. */
async function sampleAppends(
  short: OldGraph,
  long: OldGraph,
): Promise<{ short: AppendTime; long: AppendTime }> {
  const times = { short: [] as AppendTime[], long: [] as AppendTime[] };
  for (let round = 0; round < ROUNDS; round++) {
    await collectGarbage();
    const order = round % 2 === 0 ? (["short", "long"] as const) : (["long", "short"] as const);
    const graphs = { short, long };
    timeOfAppend(graphs[order[0]]);
    for (const which of order) times[which].push(timeOfAppend(graphs[which]));
  }
  return { short: middleTime(times.short), long: middleTime(times.long) };
}

function middleTime(times: readonly AppendTime[]): AppendTime {
  return {
    cpu: summarize(times.map(({ cpu }) => cpu)).value,
    wall: summarize(times.map(({ wall }) => wall)).value,
  };
}

async function measureAppend({ runs }: Effort): Promise<Finding> {
  const [short, long] = [await oldGraph(100), await oldGraph(10_000)];
  await sampleAppends(short, long);
  const samples: { short: AppendTime; long: AppendTime }[] = [];
  for (let run = 0; run < runs; run++) samples.push(await sampleAppends(short, long));
  const cpu = (of: "short" | "long") =>
    spelled(
      samples.map((sample) => sample[of].cpu),
      "µs",
    );
  const wall = spelled(
    samples.map((sample) => sample.long.wall / sample.short.wall),
    "x",
  );
  const detail = `processor time, ${cpu("short")} in a run of 100 nodes, ${cpu("long")} in one of 10,000; by the clock ${wall}; a run is the median of ${ROUNDS} rounds in turned order`;
  return finding(
    samples.map((sample) => sample.long.cpu / sample.short.cpu),
    { what: "appending to an old graph: length 10,000 over length 100", unit: "x", bar: 2, detail },
  );
}

/** What it costs to keep every moment of a run, and to go on from one. */
export const keptGraphs: Row = {
  id: 4,
  title: "kept graph values",
  measure: async (effort) => [await measureMemory(effort), await measureAppend(effort)],
};
