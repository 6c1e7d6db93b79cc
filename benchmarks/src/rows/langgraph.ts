import { collectGarbage } from "../collect-garbage.ts";
import { langgraphChain, langgraphFan } from "../langgraph/langgraph-runs.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import type { Task } from "../stub/task.ts";
import { finding, spelled } from "../summarize.ts";

interface Contest {
  readonly what: string;
  readonly unit: string;
  /** Runs are made with so many replies or children. */
  readonly size: number;
  readonly note: string;
  ours(size: number): Task;
  theirs(size: number): Promise<void>;
}

const chain = {
  unit: "reply",
  note: "a reply and the running of its code are two steps in both; both keep all messages; theirs copies the list of messages in each step and keeps a checkpoint of it, ours hashes the messages of each request",
  ours: (size: number): Task => ({ kind: "loop", replies: size }),
  theirs: langgraphChain,
};

const fan = {
  unit: "child",
  note: "theirs by Send to a function, joined at a barrier; ours are agents with a query, a request, a block and a result each",
  ours: (size: number): Task => ({ kind: "tree", agents: size + 1, fan: size, ask: false }),
  theirs: langgraphFan,
};

const CONTESTS: readonly Contest[] = [
  { what: "a chain of 30 replies", size: 30, ...chain },
  { what: "a chain of 500 replies", size: 500, ...chain },
  { what: "a fan-out to 50 children", size: 50, ...fan },
  { what: "a fan-out to 1,000 children", size: 1000, ...fan },
];

/** Steps of one sample at least, so that short runs are repeated. */
const STEPS = 500;

/** Microseconds per reply or child. */
async function timed(size: number, run: () => Promise<unknown>): Promise<number> {
  await collectGarbage();
  const times = Math.ceil(STEPS / size);
  const startedAt = performance.now();
  for (let time = 0; time < times; time++) await run();
  return ((performance.now() - startedAt) * 1000) / (times * size);
}

async function runOurs(task: Task): Promise<void> {
  await using flow = stubFlow();
  await flow.run(JSON.stringify(task));
}

async function compete(contest: Contest, { runs }: Effort): Promise<Finding> {
  const { size, unit } = contest;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = -1; run < runs; run++) {
    const us = await timed(size, () => runOurs(contest.ours(size)));
    const them = await timed(size, () => contest.theirs(size));
    if (run < 0) continue;
    ours.push(us);
    theirs.push(them);
  }
  const detail = `rlmflow ${spelled(ours, "µs")} a ${unit}, LangGraph.js ${spelled(theirs, "µs")}; ${contest.note}`;
  return finding(
    ours.map((us, run) => us / (theirs[run] ?? Number.NaN)),
    {
      what: `${contest.what}, kept in memory, over LangGraph.js with MemorySaver`,
      unit: "x",
      bar: null,
      detail,
    },
  );
}

/** The same work in LangGraph.js, models and REPLs stubbed in both. */
export const langgraph: Row = {
  id: 9,
  title: "beside LangGraph.js",
  measure: async (effort) => {
    const findings: Finding[] = [];
    for (const contest of CONTESTS) findings.push(await compete(contest, effort));
    return findings;
  },
};
