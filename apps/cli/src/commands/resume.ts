import { isDeepStrictEqual } from "node:util";
import { type Graph, type JsonObject, type JsonValue, RLMError } from "@rlmflow/core";
import { openWorkspace, type Workspace } from "@rlmflow/workspace";
import type { CommandIo } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { missingParts } from "../live/missing-parts.ts";
import { refuseKept } from "../live/refuse-kept.ts";
import { resumedLines } from "../live/resumed-lines.ts";
import { whyOver } from "../live/why-over.ts";
import { flagsFromRecord, recordedFlags, withRecord } from "../options/recorded-flags.ts";
import { type RunFlags, readRunOptions } from "../options/run-options.ts";
import { branchPlace } from "../render/branch-place.ts";
import { followRun } from "../run/follow-run.ts";
import { openFlow, requirePackagesOf } from "../run/open-flow.ts";
import { runReport } from "../run/run-report.ts";

/** The options of `rlmflow resume` as they are typed; those of `run` that are absent come from the record. */
export interface ResumeFlags extends RunFlags {
  readonly run?: string;
  readonly branch?: string;
  readonly force?: boolean;
}

/** `rlmflow resume`: goes on with a run that was interrupted, killed, or stopped at a limit. */
export async function resumeCommand(path: string, flags: ResumeFlags, io: CommandIo): Promise<ExitCode> {
  const place = branchPlace(path, flags);
  await using workspace = await openWorkspace(place.workspace);
  const graph = await workspace.load(place.run, place.branch);
  if (graph.head("root")?.type === "result") return await tellAnswer(graph, workspace, flags, io);
  const typed = withRecord(flagsFromRecord(graph.run.metadata), flags);
  const options = readRunOptions(["resume"], typed, io.environment, missingParts(graph, typed));
  await requirePackagesOf(options);
  const { maxConcurrency: _, maxRetries: __, ...config } = options.limits;
  const kept = await (await workspace.inbox(graph.run.runId, graph.branch)).pending();
  const over = whyOver(
    graph,
    config,
    kept.map(({ request }) => request),
  );
  if (over !== null) throw over;
  if (flags.force === true) await takeLock(graph, workspace);
  await using flow = await openFlow(options, workspace, io);
  const run = flow.resume(graph, { config });
  // The run may fail before it is followed; followRun reports the failure.
  run.catch(() => {});
  const resumed = await run.resumed();
  // Only now has this process the branch to itself.
  await remember(graph, recordedFlags(options, typed), workspace);
  if (resumed !== null && options.progress !== "none" && options.progress !== "json")
    for (const line of resumedLines(graph.run.runId, resumed)) io.stderr.write(`${line}\n`);
  return await followRun(run, { options, io, directory: workspace.directory, resumed });
}

/** Keeps the options with the branch, for the next resume of it and for forks of it. */
async function remember({ run }: Graph, options: JsonObject, workspace: Workspace): Promise<void> {
  const metadata = { ...run.metadata, ...options };
  if (isDeepStrictEqual(metadata, run.metadata)) return;
  await workspace.keepMetadata(run.runId, run.branch.id, metadata);
}

/** Takes the lock that a process on another host has left, and gives it back, for the run to take it as its own. */
async function takeLock({ run }: Graph, workspace: Workspace): Promise<void> {
  const store = await workspace.openRun(run.runId, run.branch.id, { force: true });
  await store.close();
}

/** A run that has answered needs no model to tell its answer again. */
async function tellAnswer(
  graph: Graph,
  workspace: Workspace,
  flags: ResumeFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const { runId } = graph.run;
  const report = runReport(io, flags.json === true);
  await report.begin(runId);
  await report.end({
    exitCode: EXIT.ok,
    runId,
    branch: graph.branch,
    directory: workspace.directory,
    answer: await answerOf(graph, workspace),
    usage: graph.usage(),
    agents: graph.agentCount,
    durationMs: 0,
  });
  const refused = await refuseKept(graph, workspace);
  if (flags.quiet !== true) {
    io.stderr.write(`run ${runId} had answered already; nothing was asked\n`);
    for (const what of refused) io.stderr.write(`refused to ${what}: the run has answered\n`);
  }
  return EXIT.ok;
}

async function answerOf(graph: Graph, workspace: Workspace): Promise<JsonValue> {
  const head = graph.head("root");
  if (head?.type !== "result") throw new RLMError("nothing_to_do", "The run has no answer.");
  const blob = head.blobs?.result;
  return blob === undefined ? head.result : JSON.parse(await workspace.payloads.getBlob(blob.digest));
}
