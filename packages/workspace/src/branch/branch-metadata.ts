import type { JsonObject } from "@rlmflow/core";
import type { RunInfo } from "@rlmflow/core/store";
import { type Durability, replaceFile } from "../disk/durable-files.ts";
import { orFileFailure } from "../disk/file-failure.ts";
import type { BranchPaths, Layout } from "../layout/layout.ts";
import { encodeBranchFile, readBranchFile } from "../layout/run-files.ts";
import { requireDirectory } from "../layout/workspace-root.ts";

/** What is to be kept with a branch. */
export interface BranchMetadata {
  readonly runId: string;
  readonly branchId: string;
  readonly metadata: JsonObject;
  readonly durability: Durability;
}

/** Writes branch.json anew with this metadata: whoever reads it finds the old one or the new one, whole. */
export async function keepMetadata(
  layout: Layout,
  { runId, branchId, metadata, durability }: BranchMetadata,
): Promise<void> {
  for (const folder of layout.foldersOfBranch(runId, branchId)) requireDirectory(folder);
  const run = await readBranchFile(layout, runId, branchId);
  await writeBranchFile(layout.branch(runId, branchId), { ...run, metadata }, durability);
}

/** Replaces branch.json. */
export async function writeBranchFile(
  { info }: Pick<BranchPaths, "info">,
  run: RunInfo,
  durability: Durability,
): Promise<void> {
  const text = encodeBranchFile(run);
  await orFileFailure("write", info, () => replaceFile(info, Buffer.from(text), durability));
}
