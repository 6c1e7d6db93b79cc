export type { LockOptions } from "./branch-lock.ts";
export type { Durability } from "./durable-files.ts";
export type { BranchPaths } from "./layout.ts";
export type { WorkspaceOptions } from "./open-workspace.ts";
export { openWorkspace } from "./open-workspace.ts";
export type { BranchState, BranchSummary, RunSummary } from "./run-summary.ts";
export type { BranchReader } from "./workspace.ts";
export { Workspace } from "./workspace.ts";
export type { Recovery, WorkspaceStore } from "./workspace-store.ts";
