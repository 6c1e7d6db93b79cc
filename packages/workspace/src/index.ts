// A workspace: the runs of a directory.
export { openWorkspace, type WorkspaceOptions } from "./open-workspace.ts";
export { Workspace, type BranchReader } from "./workspace.ts";
export type { Durability } from "./disk/durable-files.ts";
export type { LockOptions } from "./branch/branch-lock.ts";
export type { BranchPaths } from "./layout/layout.ts";

// Its runs, and a branch that is open for writing.
export type { BranchState, BranchSummary, RunSummary } from "./run-summary.ts";
export type { Recovery, WorkspaceStore } from "./workspace-store.ts";
export type { BranchInbox } from "./inbox/branch-inbox.ts";
export type { BranchExamination } from "./examine/examine-branch.ts";
export type { Finding } from "./examine/finding.ts";

// Forks, and the files of agents.
export type { ForkOptions, ForkResult } from "./branch/fork.ts";
export type { ForkedFiles, LeftOutFile } from "./files/fork-files.ts";
export type { CallFiles } from "./files/workspace-files.ts";
