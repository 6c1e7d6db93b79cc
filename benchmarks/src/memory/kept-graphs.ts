import { Graph, type RunNode } from "@rlmflow/core";
import { collectGarbage } from "../collect-garbage.ts";
import { sendResult } from "../fresh-process.ts";
import { stubFlow } from "../stub/stub-flow.ts";

/** Bytes of a run's graph, and of the graph of every moment of it, nodes included. */
export interface KeptMemory {
  readonly nodes: number;
  readonly last: number;
  readonly all: number;
}

const [nodes = 10_000] = process.argv.slice(2).map(Number);

/** The nodes of a run, as text: read anew for each measurement, so that both pay for their own. */
async function recordedRun(): Promise<string> {
  await using flow = stubFlow();
  const { graph } = await flow.run(JSON.stringify({ kind: "tree", agents: nodes / 5, fan: 50, ask: false }));
  return JSON.stringify(graph);
}

/** Appends node after node; keeps every graph, or the last alone. */
function grow(document: string, keepAll: boolean): readonly Graph[] {
  const { run, nodes }: { run: Graph["run"]; nodes: readonly RunNode[] } = JSON.parse(document);
  let graph = Graph.empty(run);
  const kept: Graph[] = [];
  for (const node of nodes) {
    graph = graph.append([node]);
    if (keepAll) kept.push(graph);
  }
  return keepAll ? kept : [graph];
}

async function bytesOf(document: string, keepAll: boolean): Promise<{ bytes: number; length: number }> {
  await collectGarbage(4);
  const before = process.memoryUsage().heapUsed;
  const kept = grow(document, keepAll);
  await collectGarbage(4);
  const bytes = process.memoryUsage().heapUsed - before;
  return { bytes, length: kept.at(-1)?.length ?? 0 };
}

const document = await recordedRun();
await bytesOf(document, true);
const last = await bytesOf(document, false);
const all = await bytesOf(document, true);
const result: KeptMemory = { nodes: all.length, last: last.bytes, all: all.bytes };
sendResult(result);
