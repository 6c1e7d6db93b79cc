import { openWorkspace } from "@rlmflow/workspace";
import { collectGarbage } from "../collect-garbage.ts";
import { criticalPath } from "../critical-path.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { pareto } from "../stub/seeded-chance.ts";
import { type Asking, stubClient } from "../stub/stub-client.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import type { Task } from "../stub/task.ts";
import { finding, spelled } from "../summarize.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

const AGENTS = 1000;
const TASK: Task = { kind: "tree", agents: AGENTS, fan: 10, ask: true };
/** Milliseconds of the shortest request; the longest is near 60 times as long. */
const SHORTEST_MS = 80;
const TAIL = 1.4;
const LONGEST_MS = 5000;
/** The shortest critical path that proves something. */
const LEAST_PATH_MS = 10_000;

interface Sample {
  readonly makespan: number;
  readonly path: number;
  /** Milliseconds of processor time. */
  readonly cpu: number;
}

function nameOf({ agentId, purpose, place }: Asking): string {
  return `${agentId}/${purpose}/${place}`;
}

/** One run, its latencies drawn from the seed; the path is made of what the requests really took. */
async function sampleRun(directory: string, seed: string, scale: number): Promise<Sample> {
  const taken = new Map<string, number>();
  const client = stubClient({
    latency: (asking) =>
      scale * Math.min(LONGEST_MS, SHORTEST_MS * pareto(`${seed}/${nameOf(asking)}`, TAIL)),
    took: (asking, ms) => taken.set(nameOf(asking), ms),
  });
  await using workspace = await openWorkspace(directory);
  await using flow = stubFlow({
    workspace,
    client,
    config: { maxConcurrency: 4 * AGENTS, maxLiveRepls: AGENTS },
  });
  await collectGarbage();
  const usage = process.cpuUsage();
  const startedAt = performance.now();
  const { graph } = await flow.run(JSON.stringify(TASK));
  const makespan = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(usage);
  const msOf = (asking: Asking) => taken.get(nameOf(asking)) ?? Number.NaN;
  const path = criticalPath(graph, {
    reply: (agentId, turn) => msOf({ agentId, purpose: "act", place: turn }),
    question: (agentId, child) => msOf({ agentId, purpose: "query", place: child }),
  });
  return { makespan, path, cpu: (user + system) / 1000 };
}

async function measure({ runs }: Effort): Promise<readonly Finding[]> {
  const sample = (seed: string, scale: number) =>
    inTemporaryDirectory((directory) => sampleRun(directory, seed, scale));
  await sample("warm-up", 0.01);
  const samples: Sample[] = [];
  for (let seed = 0; samples.length < runs; seed++) {
    const { path } = await sample(String(seed), 0.02);
    // A scaled-down run tells how long the path will be, so that no time is spent on short ones.
    const scale = Math.max(1, (1.1 * LEAST_PATH_MS * 0.02) / path);
    const run = await sample(String(seed), scale);
    if (run.path >= LEAST_PATH_MS) samples.push(run);
  }
  const seconds = samples.map(({ path }) => path / 1000);
  const cpu = samples.map((sample) => sample.cpu / 1000);
  const detail = `critical path ${spelled(seconds, "s")}, ${AGENTS} agents in a tree of at most 10 children each, a question for each child's answer, Pareto latencies (shape ${TAIL}), another seed each run, log on disk; the engine took ${spelled(cpu, "s")} of processor time`;
  return [
    finding(
      samples.map(({ makespan, path }) => makespan / path),
      {
        what: "makespan over critical path, 1,000 agents, heavy-tailed latency",
        unit: "x",
        bar: 1.05,
        detail,
        limitedBy: "the engine's own time between the end of a request and the next one on the path",
      },
    ),
  ];
}

/** How close a run comes to the least time its requests allow. */
export const makespan: Row = { id: 2, title: "makespan over critical path", measure };
