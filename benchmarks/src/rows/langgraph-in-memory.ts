import { MemorySaver } from "@langchain/langgraph";
import { type Contest, compete, microseconds } from "../langgraph/contest.ts";
import { langgraphChain, langgraphFan } from "../langgraph/langgraph-runs.ts";
import type { Finding, Row } from "../row.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import type { Task } from "../stub/task.ts";

/** Steps of one sample at least, so that short runs are repeated. */
const STEPS = 500;

function repeated(size: number, run: () => Promise<unknown>): Promise<number> {
  const times = Math.ceil(STEPS / size);
  return microseconds(times * size, async () => {
    for (let time = 0; time < times; time++) await run();
  });
}

async function runOurs(task: Task): Promise<void> {
  await using flow = stubFlow();
  await flow.run(JSON.stringify(task));
}

function chain(size: number): Contest {
  return {
    what: `a chain of ${size} replies, kept in memory, over LangGraph.js with MemorySaver`,
    unit: "reply",
    note: "a reply and the running of its code are two steps in both; both keep all messages; theirs copies the list of messages in each step and keeps a checkpoint of it, ours hashes the messages of each request",
    ours: () => repeated(size, () => runOurs({ kind: "loop", replies: size })),
    theirs: () => repeated(size, () => langgraphChain(size, new MemorySaver())),
  };
}

function fan(size: number): Contest {
  return {
    what: `a fan-out to ${size.toLocaleString("en")} children, kept in memory, over LangGraph.js with MemorySaver`,
    unit: "child",
    note: "theirs by Send to a function, joined at a barrier; ours are agents with a query, a request, a block and a result each",
    ours: () => repeated(size, () => runOurs({ kind: "tree", agents: size + 1, fan: size, ask: false })),
    theirs: () => repeated(size, () => langgraphFan(size, new MemorySaver())),
  };
}

/** The same work in LangGraph.js, models and REPLs stubbed in both, nothing on disk. */
export const langgraphInMemory: Row = {
  id: 9,
  title: "beside LangGraph.js, in memory",
  measure: async (effort) => {
    const findings: Finding[] = [];
    for (const contest of [chain(30), chain(500), fan(50), fan(1000)])
      findings.push(await compete(contest, effort));
    return findings;
  },
};
