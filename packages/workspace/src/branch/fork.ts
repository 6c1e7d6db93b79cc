import {
  applyEdit,
  type Edit,
  type ForkKeep,
  Graph,
  planFork,
  type RunNode,
  type UsageTotal,
} from "@rlmflow/core";
import { addUsage, nodeUsage, type RunInfo, ZERO_USAGE } from "@rlmflow/core/store";
import type { ForkedFiles } from "../files/fork-files.ts";

/** Where a branch is forked, and how. */
export interface ForkOptions {
  /** Default: the newest run. */
  readonly runId?: string;
  /** The branch that is forked. Default `main`. */
  readonly branch?: string;
  /** The last node of its agent that is kept: `root.scan#3`, or a call such as `root.scan#3/0`. */
  readonly at: string;
  /** The new branch. Default: the first of `fork-1`, `fork-2`, … that is free. */
  readonly name?: string;
  /** `independent` (default) keeps all that does not follow from what is dropped, `before` what came before in the log. */
  readonly keep?: ForkKeep;
  /** Made on the new branch before anything runs: other code, something said, other limits. */
  readonly edits?: readonly Edit[];
  /** Files above so many bytes are left out. Default: the workspace's `maxFileBytes`. */
  readonly maxFileBytes?: number;
}

/** A new branch, and what it has of the one it was forked from. */
export interface ForkResult {
  readonly graph: Graph;
  /** Nodes taken over. */
  readonly kept: number;
  /** Nodes left behind. */
  readonly dropped: number;
  /** What the kept nodes consumed. A fork asks for none of it again. */
  readonly keptUsage: UsageTotal;
  /** What the nodes left behind had consumed; going on asks for what of it is needed again. */
  readonly droppedUsage: UsageTotal;
  readonly files: ForkedFiles;
}

/** The nodes of a fork and the description of its branch. */
export interface ForkDraft {
  readonly run: RunInfo;
  readonly graph: Graph;
  readonly kept: readonly RunNode[];
  readonly dropped: readonly RunNode[];
}

/** What a fork of this graph begins with, edits included. Throws what `planFork` and `applyEdit` throw. */
export function draftFork(source: Graph, options: ForkOptions, name: string, now: number): ForkDraft {
  const { kept, dropped } = planFork(source, options.at, options.keep);
  const parent = { branch: source.branch, at: options.at };
  const run: RunInfo = { ...source.run, branch: { id: name, parent, createdAt: now } };
  const begun = Graph.fromNodes(run, kept);
  const graph = (options.edits ?? []).reduce((edited, edit) => applyEdit(edited, edit, now), begun);
  return { run, graph, kept, dropped };
}

/** What these nodes consumed. */
export function usageOf(nodes: readonly RunNode[]): UsageTotal {
  return nodes.flatMap(nodeUsage).reduce(addUsage, ZERO_USAGE);
}

/** The first of `fork-1`, `fork-2`, … that is not taken. */
export function freeBranchName(taken: readonly string[]): string {
  for (let count = 1; ; count++) if (!taken.includes(`fork-${count}`)) return `fork-${count}`;
}
