import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type JsonValue, RLMError } from "@rlmflow/core";
import { formatCounted, formatDuration, nodeText, oneLine, toldUsage } from "@rlmflow/render";
import { type BranchSummary, openWorkspace, type RunSummary } from "@rlmflow/workspace";
import { aligned } from "../branches/aligned.ts";
import { type CommandIo, widthOf, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { placeAt } from "../render/open-graph.ts";
import { clip } from "../terminal/text-width.ts";

/** The options of `rlmflow runs` as they are typed. */
export interface RunsFlags {
  readonly json?: boolean;
}

const QUERY_WIDTH = 40;

/** `rlmflow runs`: the runs of a workspace, the newest first, with the query, state and usage of each. */
export async function runsCommand(path: string, flags: RunsFlags, io: CommandIo): Promise<ExitCode> {
  await using workspace = await openWorkspace(placeAt(path).workspace);
  const runs = await workspace.runs();
  const lines = flags.json === true ? runs.flatMap(jsonLines) : tableLines(runs, io);
  if (lines.length === 0 && !(await hasRecord(workspace.directory)))
    throw new RLMError(
      "not_found",
      `There is no run in ${workspace.directory}: it has no .rlmflow folder. rlmflow run "…" makes one.`,
    );
  if (lines.length === 0 && flags.json !== true)
    io.stderr.write(`there is no run in ${workspace.directory}; rlmflow run "…" makes one\n`);
  for (const line of lines) await write(io.stdout, `${line}\n`);
  return EXIT.ok;
}

/** True for a directory in which runs were kept, be none left. */
async function hasRecord(directory: string): Promise<boolean> {
  return (await stat(join(directory, ".rlmflow")).catch(() => null))?.isDirectory() === true;
}

function tableLines(runs: readonly RunSummary[], io: CommandIo): readonly string[] {
  const rows = runs.flatMap((run) => run.branches.map((branch) => cellsOf(run, branch, io.now())));
  const broken = runs.filter(({ branches }) => branches.length === 0).map(({ runId }) => [runId, "damaged"]);
  const width = widthOf(io.stdout, io.environment);
  return aligned([...rows, ...broken]).map((line) => clip(line, width));
}

function cellsOf({ runId }: RunSummary, branch: BranchSummary, now: number): readonly string[] {
  const name = branch.id === "main" ? runId : `${runId} ${branch.id}`;
  const { input, output } = branch.usage;
  return [
    name,
    standOf(branch),
    branch.createdAt === 0 ? "" : `${formatDuration(now - branch.createdAt)} ago`,
    formatCounted(input + output, "token"),
    clip(oneLine(branch.query ?? ""), QUERY_WIDTH),
    branch.end === null ? "" : nodeText(branch.end),
  ];
}

/** The state of a branch in one word; for one that has ended, whether it answered. */
function standOf({ state, end }: BranchSummary): string {
  if (state !== "ended") return state;
  return end?.type === "result" ? "answered" : "failed";
}

function jsonLines({ runId, metadata, branches, problem }: RunSummary): readonly string[] {
  const told = branches.map((branch) => ({
    runId,
    branch: branch.id,
    parent: branch.parent,
    createdAt: branch.createdAt,
    state: standOf(branch),
    query: branch.query,
    ...answerOf(branch),
    usage: toldUsage(branch.usage),
    metadata,
    problem,
  }));
  const rows: readonly object[] = told.length > 0 ? told : [{ runId, state: "damaged", metadata, problem }];
  return rows.map((row) => JSON.stringify({ v: 1, type: "run", ...row }));
}

/** An answer that is too large for its node is in a blob, which the list names but does not read. */
function answerOf({ end }: BranchSummary): Readonly<Record<string, JsonValue>> {
  if (end === null) return {};
  if (end.type === "error") return { error: { kind: end.kind, message: end.message } };
  const blob = end.blobs?.result;
  return blob === undefined
    ? { answer: end.result }
    : { answerBlob: { digest: blob.digest, bytes: blob.bytes } };
}
