import { RLMError } from "@rlmflow/core";
import { openWorkspace } from "@rlmflow/workspace";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { missingParts } from "../live/missing-parts.ts";
import { flagsFromRecord, withRecord } from "../options/recorded-flags.ts";
import { readRunOptions } from "../options/run-options.ts";
import { branchPlace } from "../render/branch-place.ts";
import { followRun } from "../run/follow-run.ts";
import { openFlow, requirePackagesOf } from "../run/open-flow.ts";
import { fileProblems, readSchema } from "../run/run-files.ts";
import { quoteForShell } from "../terminal/quote-for-shell.ts";
import type { ResumeFlags } from "./resume.ts";

/** `rlmflow continue`: gives the root of a run that has ended a further query, in the REPL that it has. */
export async function continueCommand(
  path: string,
  words: readonly string[],
  flags: ResumeFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const place = branchPlace(path, flags);
  await using workspace = await openWorkspace(place.workspace);
  const graph = await workspace.load(place.run, place.branch);
  if (!graph.finished)
    throw new RLMError(
      "nothing_to_do",
      `Run ${graph.run.runId} has not ended, so it can't be given a further query yet. Continue it with rlmflow resume ${quoteForShell(path)}, or send its root a message with rlmflow say.`,
    );
  const typed = withRecord(flagsFromRecord(graph.run.metadata), flags);
  const problems = [
    ...missingParts(graph, typed, "continue"),
    ...(await fileProblems([], flags.output ?? null)),
  ];
  const options = readRunOptions(words, typed, io.environment, problems);
  await requirePackagesOf(options);
  await using flow = await openFlow(options, workspace, io);
  const run = flow.continue(graph, options.query, {
    ...(options.outputFile !== null && { output: await readSchema(options.outputFile) }),
  });
  return await followRun(run, { options, io, directory: workspace.directory });
}
