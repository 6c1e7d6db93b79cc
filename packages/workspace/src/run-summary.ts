import { closeSync, fstatSync } from "node:fs";
import {
  type ErrorNode,
  endsAgent,
  type JsonObject,
  type ResultNode,
  RLMError,
  type RunNode,
  type UsageTotal,
} from "@rlmflow/core";
import { addUsage, type BranchInfo, FORMAT, nodeUsage, type RunInfo, ZERO_USAGE } from "@rlmflow/core/store";
import { lockHolder } from "./branch/branch-lock.ts";
import { orFileFailure } from "./disk/file-failure.ts";
import { branchInbox } from "./inbox/branch-inbox.ts";
import type { BranchPaths, Layout } from "./layout/layout.ts";
import { listBranches, readBranchFile, readRunFile } from "./layout/run-files.ts";
import { requireDirectory } from "./layout/workspace-root.ts";
import { readLines } from "./log/line-reader.ts";
import { decodeLine } from "./log/log-line.ts";
import { openLog } from "./log/log-reader.ts";

/**
 * How a branch stands: a process writes it, or was asked to pause it and keeps it; the root has ended; none of these (it
 * can be resumed); or its files cannot be read.
 */
export type BranchState = "running" | "paused" | "ended" | "unfinished" | "damaged";

/** What a list of runs says about one branch. */
export interface BranchSummary {
  readonly id: string;
  readonly parent: BranchInfo["parent"];
  /** Epoch milliseconds; 0 when it cannot be read. */
  readonly createdAt: number;
  readonly state: BranchState;
  /** The root's first task; `null` before there is one, or if it can't be read. */
  readonly query: string | null;
  /** The node with which the root ended: its answer, or why there is none. `null` while it has not ended. */
  readonly end: ResultNode | ErrorNode | null;
  /** The usage of all requests in the log. */
  readonly usage: UsageTotal;
  /** Appends in the log. */
  readonly lines: number;
  readonly bytes: number;
}

/** What a list of runs says about one run. */
export interface RunSummary {
  readonly runId: string;
  /** Epoch milliseconds; 0 when it cannot be read. */
  readonly createdAt: number;
  readonly metadata: JsonObject;
  readonly branches: readonly BranchSummary[];
  /** What is wrong with the run or the first of its damaged branches, or `null`. */
  readonly problem: string | null;
}

const UNREADABLE: Omit<BranchSummary, "id"> = {
  parent: null,
  createdAt: 0,
  state: "damaged",
  query: null,
  end: null,
  usage: ZERO_USAGE,
  lines: 0,
  bytes: 0,
};

/** Looks over a run without taking its logs in. Damage is told in the summary and not thrown. */
export async function summarizeRun(layout: Layout, runId: string): Promise<RunSummary> {
  const branches: BranchSummary[] = [];
  let problem: string | null = null;
  const damaged = (error: unknown) => {
    if (!RLMError.is(error)) throw error;
    problem ??= error.message;
  };
  let info: Pick<RunSummary, "createdAt" | "metadata"> = { createdAt: 0, metadata: {} };
  try {
    for (const folder of layout.foldersOfRun(runId)) requireDirectory(folder);
    info = await readRunFile(layout, runId);
  } catch (error) {
    damaged(error);
  }
  for (const id of await listBranches(layout, runId)) {
    try {
      branches.push(await summarizeBranch(layout, runId, id));
    } catch (error) {
      damaged(error);
      branches.push({ ...UNREADABLE, id });
    }
  }
  const { createdAt, metadata } = info;
  return { runId, createdAt, metadata, branches, problem };
}

async function summarizeBranch(layout: Layout, runId: string, id: string): Promise<BranchSummary> {
  const paths = layout.branch(runId, id);
  const { directory, log } = paths;
  const info = await readBranchFile(layout, runId, id);
  const { parent, createdAt } = info.branch;
  const { firstOfRoot, lastOfRoot, ...counted } = await scanLog(log);
  const running = (await lockHolder(directory)) !== null;
  const first = nodesOf(firstOfRoot)?.[0];
  const query = first?.type === "query" ? first.query : null;
  const last = nodesOf(lastOfRoot);
  const head = last?.findLast((node) => node.type !== "call");
  const end = head !== undefined && endsAgent(head) ? head : null;
  const rest = last === null ? "damaged" : end === null ? "unfinished" : "ended";
  const state = running ? await movedState(info, paths) : rest;
  return { id, parent, createdAt, state, query, end, ...counted };
}

/** How a branch stands that a process writes. What is wrong with its inbox is told to those who use it. */
async function movedState(run: RunInfo, paths: BranchPaths): Promise<BranchState> {
  const isPaused = await branchInbox(run, paths, { assertOpen: () => {} })
    .isPaused()
    .catch(() => false);
  return isPaused ? "paused" : "running";
}

/** The nodes of a line: none without a line, `null` if it is damaged. */
function nodesOf(line: Buffer | null): readonly RunNode[] | null {
  try {
    return line === null ? [] : decodeLine(line).nodes;
  } catch {
    return null;
  }
}

/** How a line of the root begins, in each format. */
const OF_ROOT: readonly Buffer[] = Array.from({ length: FORMAT }, (_, format) =>
  Buffer.from(`{"v":${format + 1},"agent":"root",`),
);

const USAGE = Buffer.from('"usage":');

interface LogScan {
  readonly lines: number;
  readonly bytes: number;
  readonly usage: UsageTotal;
  readonly firstOfRoot: Buffer | null;
  readonly lastOfRoot: Buffer | null;
}

/** Reads a log once. Parses only the lines that may hold the usage of a request. */
async function scanLog(log: string): Promise<LogScan> {
  return orFileFailure("read", log, async () => {
    const fd = await openLog(log);
    try {
      let lines = 0;
      let usage = ZERO_USAGE;
      let firstOfRoot: Buffer | null = null;
      let lastOfRoot: Buffer | null = null;
      for await (const read of readLines(fd, 0)) {
        lines += read.length;
        for (const { bytes } of read) {
          if (bytes.includes(USAGE))
            usage = (nodesOf(bytes) ?? []).flatMap(nodeUsage).reduce(addUsage, usage);
          if (!OF_ROOT.some((beginning) => bytes.subarray(0, beginning.length).equals(beginning))) continue;
          firstOfRoot ??= bytes;
          lastOfRoot = bytes;
        }
      }
      return { lines, bytes: fstatSync(fd).size, usage, firstOfRoot, lastOfRoot };
    } finally {
      closeSync(fd);
    }
  });
}
