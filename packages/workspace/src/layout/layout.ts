import { join } from "node:path";
import { RLMError } from "@rlmflow/core";
import { isRunName } from "@rlmflow/core/store";

/** The folder of a workspace that holds everything but the main branch's files. */
export const HIDDEN = ".rlmflow";

/** The branch with which a run begins, whose files are the workspace's own. */
export const MAIN = "main";

/** The folder of a run that has its branches. */
const BRANCHES = "branches";

/** The files of one branch. */
export interface BranchPaths {
  /** The folder of its run. */
  readonly runDirectory: string;
  readonly directory: string;
  readonly info: string;
  readonly log: string;
  /** How far the log went when the branch was last closed. */
  readonly head: string;
  readonly inbox: string;
  /** The log of what tools have written. */
  readonly writes: string;
  /** What became of the files when the branch was made as a fork. */
  readonly forked: string;
  /** The files that the branch's agents work on. */
  readonly files: string;
}

/** Where everything lies in a workspace. Every path is made here, from names that were checked. */
export class Layout {
  readonly root: string;
  readonly hidden: string;
  readonly blobs: string;
  readonly contexts: string;
  readonly runs: string;

  constructor(root: string) {
    this.root = root;
    this.hidden = join(root, HIDDEN);
    this.blobs = join(this.hidden, "blobs");
    this.contexts = join(this.hidden, "context");
    this.runs = join(this.hidden, "runs");
  }

  run(runId: string): string {
    return join(this.runs, checkedName("run", runId));
  }

  runInfo(runId: string): string {
    return join(this.run(runId), "run.json");
  }

  branches(runId: string): string {
    return join(this.run(runId), BRANCHES);
  }

  branch(runId: string, branchId: string): BranchPaths {
    const runDirectory = this.run(runId);
    const directory = join(runDirectory, BRANCHES, checkedName("branch", branchId));
    const files = branchId === MAIN ? this.root : join(directory, "files");
    return { ...branchFiles(directory), runDirectory, files };
  }

  /** The folders that lead to the branches of a run, the outermost first. */
  foldersOfRun(runId: string): readonly string[] {
    return this.#foldersUpTo(this.run(runId));
  }

  /** {@link foldersOfRun}, then those in which a branch is written; what its agents make in their files is not among them. */
  foldersOfBranch(runId: string, branchId: string): readonly string[] {
    const { runDirectory, directory, files } = this.branch(runId, branchId);
    return [...this.#foldersUpTo(runDirectory), directory, ...(branchId === MAIN ? [] : [files])];
  }

  #foldersUpTo(runDirectory: string): readonly string[] {
    return [this.root, this.hidden, this.runs, runDirectory, join(runDirectory, BRANCHES)];
  }
}

/** The files of a branch in this folder. */
export function branchFiles(directory: string): Omit<BranchPaths, "files" | "runDirectory"> {
  return {
    directory,
    info: join(directory, "branch.json"),
    log: join(directory, "log.jsonl"),
    head: join(directory, "head.json"),
    inbox: join(directory, "inbox.jsonl"),
    writes: join(directory, "writes.jsonl"),
    forked: join(directory, "forked.json"),
  };
}

function checkedName(what: string, name: unknown): string {
  if (typeof name !== "string")
    throw new RLMError(
      "invalid_options",
      `The id of a ${what} is a string, not ${kindOf(name)}: pass the ids themselves, like load("run-1", "main").`,
    );
  if (isRunName(name)) return name;
  throw new RLMError(
    "invalid_options",
    `${JSON.stringify(name.slice(0, 100))} cannot be the id of a ${what}: it takes 1 to 64 of letters, digits, "_", "-" and ".", not "." first and no "..".`,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object"
    ? `an object (${Object.keys(value).slice(0, 5).join(", ")})`
    : typeof value;
}
