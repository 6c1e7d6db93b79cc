import { openWorkspace } from "@rlmflow/workspace";
import { collectGarbage } from "../collect-garbage.ts";
import { sendResult } from "../fresh-process.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import type { Task } from "../stub/task.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

/** What a process of so many waiting agents holds. */
export interface WaitingMemory {
  readonly agents: number;
  readonly waiting: number;
  readonly nodes: number;
  /** Growth in bytes since before the run. */
  readonly rss: number;
  readonly heap: number;
}

const [waiting = 10_000] = process.argv.slice(2).map(Number);
/** Lines of ten waiting agents, below each of which one waits for its model. */
const LENGTH = 10;

async function measure(directory: string): Promise<WaitingMemory> {
  await warmUp();
  await using workspace = await openWorkspace(directory);
  const flow = stubFlow({ workspace, config: { maxLiveRepls: 8, maxConcurrency: waiting } });
  const task: Task = { kind: "nest", width: waiting / LENGTH, depth: LENGTH + 1 };
  await collectGarbage(8);
  const before = process.memoryUsage();
  const run = flow.run(JSON.stringify(task));
  const agents = 1 + waiting + waiting / LENGTH;
  do await new Promise((resolve) => setTimeout(resolve, 500));
  while (run.graph.agentCount < agents || run.graph.last()?.id !== (await settled(run)));
  await collectGarbage(8);
  const after = process.memoryUsage();
  const { graph } = run;
  const suspended = graph.agents().filter((agentId) => graph.head(agentId)?.type === "supervising").length;
  const result = {
    agents: graph.agentCount,
    waiting: suspended,
    nodes: graph.length,
    rss: after.rss - before.rss,
    heap: after.heapUsed + after.external - before.heapUsed - before.external,
  };
  await run.abort();
  await flow.close();
  return result;
}

/** The id of the newest node a moment later: the same as before when nothing moves any more. */
async function settled(run: { readonly graph: { last(): { readonly id: string } | undefined } }) {
  const { id } = run.graph.last() ?? { id: "" };
  await new Promise((resolve) => setTimeout(resolve, 500));
  return run.graph.last()?.id === id ? id : "";
}

/** Code and caches are there before the first look at the memory. */
async function warmUp(): Promise<void> {
  await using flow = stubFlow();
  await flow.run(JSON.stringify({ kind: "tree", agents: 500, fan: 50, ask: false }));
}

sendResult(await inTemporaryDirectory(measure));
