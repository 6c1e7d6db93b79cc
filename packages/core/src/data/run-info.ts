import type { JsonObject } from "./json.ts";

/** A line of a run's history. The first is `main`; a fork has a parent. */
export interface BranchInfo {
  readonly id: string;
  /** The branch and the node it was cut at, or `null` for the first. */
  readonly parent: { readonly branch: string; readonly at: string } | null;
  readonly createdAt: number;
}

/** What a run and this branch of it are called. */
export interface RunInfo {
  readonly runId: string;
  readonly branch: BranchInfo;
  readonly metadata: JsonObject;
}

/** The number of the format in which runs are stored. Older ones are read through {@link MIGRATIONS}. */
export const FORMAT = 2;
