import { join } from "node:path";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { RLMError } from "@rlmflow/core";
import { openWorkspace } from "@rlmflow/workspace";
import { type Contest, compete, microseconds } from "../langgraph/contest.ts";
import {
  langgraphChain,
  langgraphCutChain,
  langgraphFan,
  langgraphResume,
  langgraphTimeTravel,
} from "../langgraph/langgraph-runs.ts";
import type { Finding, Row } from "../row.ts";
import { stubClient } from "../stub/stub-client.ts";
import { stubFlow } from "../stub/stub-flow.ts";
import type { Task } from "../stub/task.ts";
import { inTemporaryDirectory } from "../temporary-directory.ts";

const REPLIES = 100;
const CHILDREN = 200;
const CHAIN: Task = { kind: "loop", replies: REPLIES };
const FAN: Task = { kind: "tree", agents: CHILDREN + 1, fan: CHILDREN, ask: false };
const RUN = "run";

function saverIn(directory: string): SqliteSaver {
  return SqliteSaver.fromConnString(join(directory, "checkpoints.sqlite"));
}

/** Makes a run in the directory; with `replies`, the run is aborted when that many have been made. */
async function makeOurs(directory: string, task: Task, replies = Number.POSITIVE_INFINITY): Promise<void> {
  const cut = new AbortController();
  const stub = stubClient();
  await using workspace = await openWorkspace(directory);
  await using flow = stubFlow({
    workspace,
    client: {
      ...stub,
      chat: (messages, options) => {
        if ((options?.caller?.turn ?? 0) >= replies) cut.abort();
        return stub.chat(messages, options);
      },
    },
  });
  try {
    await flow.run(JSON.stringify(task), { runId: RUN, signal: cut.signal });
  } catch (error) {
    if (!RLMError.is(error, "aborted")) throw error;
  }
}

async function resumeOurs(directory: string): Promise<void> {
  await using workspace = await openWorkspace(directory);
  await using flow = stubFlow({ workspace });
  await flow.resume(await workspace.load(RUN));
}

async function forkOurs(directory: string, reply: number): Promise<void> {
  await using workspace = await openWorkspace(directory);
  await using flow = stubFlow({ workspace });
  // root#0 is the task; each reply is an action and an observation.
  const { graph } = await workspace.fork({ runId: RUN, at: `root#${2 * reply}`, name: "other" });
  await flow.resume(graph);
}

interface Sides {
  ours(directory: string): Promise<number>;
  theirs(directory: string): Promise<number>;
}

function contest(what: string, unit: string, note: string, { ours, theirs }: Sides, bar?: number): Contest {
  return {
    ...(bar !== undefined && { bar }),
    what: `${what}, on disk, over LangGraph.js with its SQLite saver`,
    unit,
    note,
    ours: () => inTemporaryDirectory(ours),
    theirs: () => inTemporaryDirectory(theirs),
  };
}

const chain = contest(
  `a chain of ${REPLIES} replies`,
  "reply",
  "ours is a log with one line an append, flushed to the system; theirs SQLite in WAL mode, which keeps all messages in each checkpoint",
  {
    ours: (directory) => microseconds(REPLIES, () => makeOurs(directory, CHAIN)),
    theirs: (directory) => microseconds(REPLIES, () => langgraphChain(REPLIES, saverIn(directory))),
  },
);

const fan = contest(
  `a fan-out to ${CHILDREN} children`,
  "child",
  "theirs by Send to a function, ours agents with a query, a request, a block and a result each",
  {
    ours: (directory) => microseconds(CHILDREN, () => makeOurs(directory, FAN)),
    theirs: (directory) => microseconds(CHILDREN, () => langgraphFan(CHILDREN, saverIn(directory))),
  },
  1,
);

const resume = contest(
  `opening a chain cut off after ${REPLIES - 1} of ${REPLIES} replies and going on to its end`,
  "resume",
  "ours reads and checks the log and rebuilds the REPL by running its blocks again; theirs reads the last checkpoint, and has no REPL",
  {
    ours: async (directory) => {
      await makeOurs(directory, CHAIN, REPLIES - 1);
      return await microseconds(1, () => resumeOurs(directory));
    },
    theirs: async (directory) => {
      const saver = saverIn(directory);
      await langgraphCutChain(REPLIES, REPLIES - 1, saver);
      saver.db.close();
      return await microseconds(1, () => langgraphResume(REPLIES, saverIn(directory)));
    },
  },
  1.5,
);

const travel = contest(
  `opening a chain of ${REPLIES} replies and going another way from the middle to the end`,
  "fork",
  `ours makes a branch of its own by \`workspace.fork\`; theirs looks for the checkpoint in the history and invokes it; both make ${REPLIES / 2} replies anew`,
  {
    ours: async (directory) => {
      await makeOurs(directory, CHAIN);
      return await microseconds(1, () => forkOurs(directory, REPLIES / 2));
    },
    theirs: async (directory) => {
      const saver = saverIn(directory);
      await langgraphChain(REPLIES, saver);
      saver.db.close();
      return await microseconds(1, () => langgraphTimeTravel(REPLIES, REPLIES / 2, saverIn(directory)));
    },
  },
);

/** The same work in LangGraph.js, models and REPLs stubbed in both, everything on disk. */
export const langgraphOnDisk: Row = {
  id: 10,
  title: "beside LangGraph.js, on disk",
  measure: async (effort) => {
    const findings: Finding[] = [];
    for (const one of [chain, fan, resume, travel]) findings.push(await compete(one, effort));
    return findings;
  },
};
