import { openWorkspace } from "@rlmflow/workspace";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { recordedFlags } from "../options/recorded-flags.ts";
import { type RunFlags, readRunOptions } from "../options/run-options.ts";
import { followRun } from "../run/follow-run.ts";
import { openFlow, requirePackagesOf } from "../run/open-flow.ts";
import { fileProblems, readContexts, readSchema } from "../run/run-files.ts";

/** `rlmflow run`: answers a query, with progress on stderr and the answer or every event on stdout. */
export async function runCommand(
  words: readonly string[],
  flags: RunFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const problems = await fileProblems(flags.context ?? [], flags.output ?? null);
  const options = readRunOptions(words, flags, io.environment, problems);
  await requirePackagesOf(options);
  await using workspace = await openWorkspace(options.dir);
  await using flow = await openFlow(options, workspace, io);
  const context = await readContexts(options.contextFiles, workspace, io.stdin);
  const run = flow.run(options.query, {
    metadata: recordedFlags(options, flags),
    ...(options.contextFiles.length > 0 && { context }),
    ...(options.outputFile !== null && { output: await readSchema(options.outputFile) }),
  });
  return await followRun(run, { options, io, directory: workspace.directory });
}
