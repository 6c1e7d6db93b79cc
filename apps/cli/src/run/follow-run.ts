import { type Graph, type JsonValue, RLMError, type Run, RunError, type RunResult } from "@rlmflow/core";
import type { Resumed } from "@rlmflow/core/store";
import { plainText } from "@rlmflow/render";
import type { CommandIo } from "../command-io.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit-code.ts";
import type { RunOptions } from "../options/run-options.ts";
import { chooseView } from "../progress/choose-view.ts";
import type { ProgressView } from "../progress/progress-view.ts";
import type { RunProgress } from "../progress/run-progress.ts";
import { type Interrupts, watchInterrupts } from "./interrupts.ts";
import { endLine, type RunEnd, runReport } from "./run-report.ts";
import { type RunWatch, watchRun } from "./watch-run.ts";

/** What following a run needs beside the run. */
export interface Following {
  readonly options: RunOptions;
  readonly io: CommandIo;
  /** The workspace's path. */
  readonly directory: string;
  /** What was kept of a run that goes on. */
  readonly resumed?: Resumed | null;
}

type Ended = { readonly result: RunResult<JsonValue> } | { readonly error: unknown } | "stopped";

/** Shows a run until it has ended or was interrupted, and reports how. */
export async function followRun(
  run: Run,
  { options, io, directory, resumed = null }: Following,
): Promise<ExitCode> {
  // The run may fail before it is watched; its end is reported below.
  run.catch(() => {});
  const startedAt = io.now();
  const report = runReport(io, options.json, resumed);
  const views: ProgressView[] = [];
  // Until the run has begun there is nothing to keep, and an interrupt ends the process.
  await run.resumed().catch(() => null);
  using interrupts = watchInterrupts(run, io, (line) => {
    for (const view of views) view.say(line);
  });
  const makeView = (progress: RunProgress) => {
    const view = chooseView(progress, options, io);
    views.push(view);
    return view;
  };
  const watching = watchRun(run, { report, makeView, startedAt, now: io.now });
  const ended = await endOf(run, watching, interrupts);
  for (const view of views) view.close();
  const end = describe(ended, run, { directory, durationMs: io.now() - startedAt });
  await report.end(end);
  if (end.error !== undefined) io.stderr.write(`rlmflow: ${messageOf(end.error)}\n`);
  if (options.progress !== "none" && options.progress !== "json") io.stderr.write(`${endLine(end)}\n`);
  return end.exitCode;
}

/** A run that ended in the moment in which it was stopped has ended. */
async function endOf(run: Run, watching: RunWatch, interrupts: Interrupts): Promise<Ended> {
  const settled = Promise.allSettled([watching.ended, run]);
  if ((await Promise.race([settled, interrupts.stopped])) === "stopped" && !run.graph.finished) {
    await watching.caughtUp();
    return "stopped";
  }
  const [watched, ended] = await settled;
  if (ended.status === "rejected") return { error: ended.reason };
  // What could not be shown is a failure too, also when the run went well.
  return watched.status === "rejected" ? { error: watched.reason } : { result: ended.value };
}

function describe(ended: Ended, run: Run, about: Pick<RunEnd, "directory" | "durationMs">): RunEnd {
  const graph = graphOf(ended, run);
  const { runId, branch } = graph.run;
  const known = {
    ...about,
    runId,
    branch: branch.id,
    usage: graph.usage(),
    agents: graph.agentCount,
  };
  if (ended === "stopped") return { ...known, exitCode: EXIT.interrupted };
  if ("result" in ended) return { ...known, exitCode: EXIT.ok, answer: ended.result.answer };
  return { ...known, exitCode: exitCodeOf(ended.error), error: ended.error };
}

/** The run as far as it got. Rethrows what kept it from beginning at all. */
function graphOf(ended: Ended, run: Run): Graph {
  if (ended !== "stopped" && "error" in ended && ended.error instanceof RunError) return ended.error.graph;
  try {
    return run.graph;
  } catch (error) {
    throw ended !== "stopped" && "error" in ended ? ended.error : error;
  }
}

function messageOf(error: unknown): string {
  if (RLMError.is(error, "aborted")) return "The run was aborted; nothing that was answered is lost.";
  const message = error instanceof Error ? error.message : String(error);
  return plainText(RLMError.is(error) ? message : `${message} (this should not happen)`);
}
