import { openWorkspace } from "@rlmflow/workspace";
import { collectGarbage } from "../collect-garbage.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import type { Task } from "../stub/task.ts";
import { finding, spelled } from "../summarize.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

const BAR = 1.3;

interface Shape {
  readonly what: string;
  readonly bar: number | null;
  readonly limitedBy: string;
  /** A task whose run has about this many nodes. */
  task(nodes: number): Task;
}

/** An agent without children takes five nodes: delegate, query, action, result, wait. */
const NODES_PER_AGENT = 5;

const SHAPES: readonly Shape[] = [
  {
    what: "engine time per node, 10,000 nodes over 100: tree, at most 50 children each",
    bar: BAR,
    limitedBy: "see the profile of the engine",
    task: (nodes) => ({ kind: "tree", agents: nodes / NODES_PER_AGENT, fan: 50, ask: false }),
  },
  {
    what: "the same, all children in one block of the root",
    bar: BAR,
    limitedBy: "see the profile of the engine",
    task: (nodes) => ({ kind: "tree", agents: nodes / NODES_PER_AGENT, fan: 100_000, ask: false }),
  },
  {
    what: "the same, one agent alone: a chain of 5,000 replies over one of 50",
    bar: BAR,
    limitedBy:
      "every request sends, and its action hashes, all messages so far: work that grows with the chain by its nature",
    task: (nodes) => ({ kind: "loop", replies: nodes / 2 }),
  },
];

/** Runs to the end and gives microseconds per node, the making of the run and its files not counted. */
async function timePerNode(directory: string, task: Task, times: number): Promise<number> {
  let ms = 0;
  let nodes = 0;
  await collectGarbage();
  await using workspace = await openWorkspace(directory, { durability: "flush" });
  await using flow = stubFlow({ workspace });
  for (let time = 0; time < times; time++) {
    const begun = await flow.start(JSON.stringify(task));
    const startedAt = performance.now();
    const { graph } = await flow.resume(begun);
    ms += performance.now() - startedAt;
    nodes += graph.length - begun.length;
  }
  return (ms * 1000) / nodes;
}

async function measureShape(shape: Shape, { runs, quick }: Effort): Promise<Finding> {
  const [few, many] = quick ? [100, 2000] : [100, 10_000];
  const sample = (nodes: number, times: number) =>
    inTemporaryDirectory((directory) => timePerNode(directory, shape.task(nodes), times));
  await sample(few, 50);
  await sample(many, 1);
  const short: number[] = [];
  const long: number[] = [];
  for (let run = 0; run < runs; run++) {
    short.push(await sample(few, 20));
    long.push(await sample(many, 1));
  }
  const ratios = long.map((value, run) => value / (short[run] ?? Number.NaN));
  const detail = `${spelled(short, "µs")} per node at ${few} nodes, ${spelled(long, "µs")} at ${many}; log on disk, flushed`;
  return finding(ratios, { what: shape.what, unit: "x", bar: shape.bar, detail, limitedBy: shape.limitedBy });
}

/** Engine time per node of the log, model and REPL stubbed. */
export const engineTime: Row = {
  id: 1,
  title: "engine time per transition",
  measure: async (effort) => {
    const findings: Finding[] = [];
    for (const shape of SHAPES) findings.push(await measureShape(shape, effort));
    return findings;
  },
};
