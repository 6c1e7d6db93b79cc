import { type BranchInfo, endsAgent, FORMAT, type JsonObject, RLMError } from "@rlmflow/core";
import { lockHolder } from "./branch-lock.ts";
import { orFileFailure } from "./file-failure.ts";
import type { Layout } from "./layout.ts";
import { readLines } from "./line-reader.ts";
import { decodeLine } from "./log-line.ts";
import { openLog } from "./log-reader.ts";
import { listBranches, readBranchFile, readRunFile } from "./run-files.ts";

/**
 * How a branch stands: a process writes it, the root has ended, neither (it can be resumed), or its files
 * cannot be read.
 */
export type BranchState = "running" | "ended" | "unfinished" | "damaged";

/** What a list of runs says about one branch. */
export interface BranchSummary {
  readonly id: string;
  readonly parent: BranchInfo["parent"];
  /** Epoch milliseconds; 0 when it cannot be read. */
  readonly createdAt: number;
  readonly state: BranchState;
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
    info = await readRunFile(layout, runId);
  } catch (error) {
    damaged(error);
  }
  for (const id of await listBranches(layout, runId)) {
    try {
      branches.push(await summarizeBranch(layout, runId, id));
    } catch (error) {
      damaged(error);
      branches.push({ id, parent: null, createdAt: 0, state: "damaged", lines: 0, bytes: 0 });
    }
  }
  const { createdAt, metadata } = info;
  return { runId, createdAt, metadata, branches, problem };
}

async function summarizeBranch(layout: Layout, runId: string, id: string): Promise<BranchSummary> {
  const { directory, log } = layout.branch(runId, id);
  const { parent, createdAt } = (await readBranchFile(layout, runId, id)).branch;
  const { lines, bytes, lastOfRoot } = await scanLog(log);
  const running = (await lockHolder(directory)) !== null;
  return { id, parent, createdAt, state: running ? "running" : stateAfter(lastOfRoot), lines, bytes };
}

function stateAfter(lastOfRoot: Buffer | null): BranchState {
  try {
    const last = lastOfRoot === null ? undefined : decodeLine(lastOfRoot).nodes.at(-1);
    return last !== undefined && endsAgent(last) ? "ended" : "unfinished";
  } catch {
    return "damaged";
  }
}

/** How a line of the root begins, in each format. */
const OF_ROOT: readonly Buffer[] = Array.from({ length: FORMAT }, (_, format) =>
  Buffer.from(`{"v":${format + 1},"agent":"root",`),
);

async function scanLog(log: string): Promise<{ lines: number; bytes: number; lastOfRoot: Buffer | null }> {
  return orFileFailure("read", log, async () => {
    const handle = await openLog(log);
    try {
      let lines = 0;
      let lastOfRoot: Buffer | null = null;
      for await (const read of readLines(handle, 0)) {
        lines += read.length;
        const ofRoot = read.findLast(({ bytes }) =>
          OF_ROOT.some((beginning) => bytes.subarray(0, beginning.length).equals(beginning)),
        );
        lastOfRoot = ofRoot?.bytes ?? lastOfRoot;
      }
      return { lines, bytes: (await handle.stat()).size, lastOfRoot };
    } finally {
      await handle.close();
    }
  });
}
