import { type BranchInfo, FORMAT, type RunInfo } from "../run-info.ts";
import { amount, type Check, decode, jsonObject, name, nullable, record } from "./check.ts";
import { migrated } from "./migrations.ts";

const branchInfo: Check<BranchInfo> = record<BranchInfo>({
  id: name,
  parent: nullable(record<NonNullable<BranchInfo["parent"]>>({ branch: name, at: name })),
  createdAt: amount,
});

const runInfo: Check<RunInfo> = record<RunInfo>({ runId: name, branch: branchInfo, metadata: jsonObject });

/** Takes a parsed value for what a run and its branch are called, checked and frozen; else `invalid_graph`. */
export function decodeRunInfo(value: unknown, where: string, format: number = FORMAT): RunInfo {
  return decode(runInfo, migrated("runInfo", value, format), {
    where,
    what: "the description of a run",
    code: "invalid_graph",
  });
}
