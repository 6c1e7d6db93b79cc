import { type Graph, type JsonValue, RLMError, type RunNode } from "@rlmflow/core";
import { plainText } from "@rlmflow/render";
import { openWorkspace, type Workspace } from "@rlmflow/workspace";
import type { CommandIo } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { type FollowEnd, FollowedRun } from "../live/followed-run.ts";
import { readViewOptions, type ViewFlags, type ViewOptions } from "../options/view-options.ts";
import { chooseView } from "../progress/choose-view.ts";
import { RunProgress } from "../progress/run-progress.ts";
import { branchPlace } from "../render/branch-place.ts";
import { endLine, type RunEnd, runReport, stoppedLine } from "../run/run-report.ts";

/** The options of `rlmflow watch` as they are typed. */
export interface WatchFlags extends ViewFlags {
  readonly run?: string;
  readonly branch?: string;
}

/** `rlmflow watch`: shows a run while another process moves it. Takes no lock and changes nothing. */
export async function watchCommand(path: string, flags: WatchFlags, io: CommandIo): Promise<ExitCode> {
  const problems: string[] = [];
  const options = readViewOptions(flags, problems);
  if (problems.length > 0)
    throw new RLMError("invalid_options", problems.map((one) => `- ${one}`).join("\n"));
  const place = branchPlace(path, flags);
  await using workspace = await openWorkspace(place.workspace);
  const reader = await workspace.reader(place.run, place.branch);
  const { runId, branch } = reader.run;
  const run = new FollowedRun(reader, await workspace.inbox(runId, branch.id));
  const { how, durationMs } = await show(run, options, io);
  const end = await endOf(run, how, workspace, durationMs);
  await runReport(io, options.json).end(end);
  if (end.error instanceof Error) io.stderr.write(`rlmflow: ${plainText(end.error.message)}\n`);
  if (options.progress !== "none" && options.progress !== "json")
    io.stderr.write(`${how === "stopped" ? stoppedLine(end) : endLine(end)}\n`);
  return end.exitCode;
}

async function show(run: FollowedRun, options: ViewOptions, io: CommandIo) {
  const report = runReport(io, options.json);
  const { runId } = run.graph.run;
  const progress = new RunProgress(runId, run.graph.run.branch.createdAt);
  // A run that has ended, or that nobody moves, took as long as it took: not until now.
  let over: number | null = null;
  const now = () => over ?? io.now();
  const view = chooseView(progress, options, watchedAt(io, now));
  const stopped = new AbortController();
  const off = io.onInterrupt(() => stopped.abort());
  try {
    await report.begin(runId);
    const heard = async (node: RunNode) => {
      progress.add(node);
      await report.node(node);
      view.update();
    };
    const paused = (isPaused: boolean) => {
      progress.setPaused(isPaused);
      view.update();
    };
    const how = await run.follow({ heard, paused }, stopped.signal);
    if (how !== "stopped") over = lastEnd(run.graph) ?? progress.startedAt;
    return { how, durationMs: now() - progress.startedAt };
  } finally {
    off();
    view.close();
  }
}

/** The same process with another clock. */
function watchedAt(io: CommandIo, now: () => number): CommandIo {
  const { stdin, stdout, stderr, environment } = io;
  return { stdin, stdout, stderr, environment, now, onInterrupt: (listener) => io.onInterrupt(listener) };
}

/** When the last thing happened, in epoch milliseconds. */
function lastEnd(graph: Graph): number | null {
  let last: number | null = null;
  for (const { endedAt } of graph.walk()) last = Math.max(last ?? 0, endedAt);
  return last;
}

async function endOf(
  { graph }: FollowedRun,
  how: FollowEnd,
  workspace: Workspace,
  durationMs: number,
): Promise<RunEnd> {
  const about = {
    runId: graph.run.runId,
    branch: graph.branch,
    directory: workspace.directory,
    usage: graph.usage(),
    agents: graph.agentCount,
    durationMs,
  };
  const head = graph.head("root");
  if (how !== "ended") return { ...about, exitCode: EXIT.interrupted };
  if (head?.type !== "result") {
    const limit = head?.type === "error" && head.kind === "limit_reached" ? head.limit : undefined;
    const code = limit === undefined ? "request_failed" : "limit_reached";
    const error = new RLMError(code, head?.type === "error" ? head.message : "", { details: { limit } });
    return { ...about, exitCode: limit === undefined ? EXIT.failed : EXIT.budget, error };
  }
  const blob = head.blobs?.result;
  const answer: JsonValue =
    blob === undefined ? head.result : JSON.parse(await workspace.payloads.getBlob(blob.digest));
  return { ...about, exitCode: EXIT.ok, answer };
}
