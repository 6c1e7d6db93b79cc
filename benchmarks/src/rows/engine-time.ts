import type { RunConfig } from "@rlmflow/core";
import { openWorkspace } from "@rlmflow/workspace";
import { collectGarbage } from "../collect-garbage.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import type { Task } from "../stub/task.ts";
import { finding, spelled } from "../summarize.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

/** For work that does not grow. */
const BAR = 1.3;
/** For requests whose lists of messages do grow: the engine copies pointers to them. */
const CHAIN_BAR = 1.5;

interface Shape {
  readonly what: string;
  readonly bar: number;
  /** At most so many runs, where one takes long. */
  readonly mostRuns?: number;
  readonly config?: RunConfig;
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
    limitedBy: "work that grows with the number of agents",
    task: (nodes) => ({ kind: "tree", agents: nodes / NODES_PER_AGENT, fan: 50, ask: false }),
  },
  {
    what: "the same, all children in one block of the root",
    bar: BAR,
    limitedBy: "work that grows with the number of children",
    task: (nodes) => ({ kind: "tree", agents: nodes / NODES_PER_AGENT, fan: 100_000, ask: false }),
  },
  {
    what: "the same, one agent alone that is shown its last 20 messages: a chain of 5,000 replies over one of 50",
    bar: CHAIN_BAR,
    mostRuns: 3,
    config: { maxMessages: 20 },
    limitedBy: "work that grows with the length of a chain; an agent makes 30 replies by default",
    task: (nodes) => ({ kind: "loop", replies: nodes / 2 }),
  },
  {
    what: "the same, one agent alone that is shown everything: a chain of 5,000 replies over one of 50",
    bar: CHAIN_BAR,
    mostRuns: 3,
    limitedBy: "the requests: each holds all messages so far; an agent makes 30 replies by default",
    task: (nodes) => ({ kind: "loop", replies: nodes / 2 }),
  },
];

/** Microseconds per node. */
interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

/** Runs to the end, so many times; the making of the run and its files is not counted. */
async function timePerNode(directory: string, shape: Shape, size: number, times: number): Promise<Sample> {
  let wall = 0;
  let cpu = 0;
  let nodes = 0;
  await collectGarbage();
  await using workspace = await openWorkspace(directory, { durability: "flush" });
  await using flow = stubFlow({ workspace, config: shape.config ?? {} });
  for (let time = 0; time < times; time++) {
    const begun = await flow.start(JSON.stringify(shape.task(size)));
    const usage = process.cpuUsage();
    const startedAt = performance.now();
    const { graph } = await flow.resume(begun);
    wall += (performance.now() - startedAt) * 1000;
    const { user, system } = process.cpuUsage(usage);
    cpu += user + system;
    nodes += graph.length - begun.length;
  }
  return { wall: wall / nodes, cpu: cpu / nodes };
}

async function measureShape(shape: Shape, { runs, quick }: Effort): Promise<Finding> {
  const [few, many] = quick ? [100, 2000] : [100, 10_000];
  const sample = (nodes: number, times: number) =>
    inTemporaryDirectory((directory) => timePerNode(directory, shape, nodes, times));
  await sample(few, 50);
  await sample(2000, 1);
  const short: Sample[] = [];
  const long: Sample[] = [];
  for (let run = 0; run < Math.min(runs, shape.mostRuns ?? runs); run++) {
    short.push(await sample(few, 20));
    long.push(await sample(many, 1));
  }
  const ratio = (of: (sample: Sample) => number) =>
    long.map((sample, run) => of(sample) / of(short[run] ?? { wall: Number.NaN, cpu: Number.NaN }));
  const ratios = ratio(({ wall }) => wall);
  const times = (samples: readonly Sample[]) =>
    spelled(
      samples.map(({ wall }) => wall),
      "µs",
    );
  const ofProcessor = spelled(
    ratio(({ cpu }) => cpu),
    "x",
  );
  const detail = `${times(short)} per node at ${few} nodes, ${times(long)} at ${many}; of processor time ${ofProcessor}; ${long.length} runs, log on disk, flushed`;
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
