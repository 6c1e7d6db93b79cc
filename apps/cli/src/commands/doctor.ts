import { readFile } from "node:fs/promises";
import { loadTrace, RLMError } from "@rlmflow/core";
import { type BranchExamination, openWorkspace, type Workspace } from "@rlmflow/workspace";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { isTraceFile, type Place, placeAt } from "../render/open-graph.ts";
import { plainText } from "../terminal/plain-text.ts";
import { quoteForShell } from "../terminal/quote-for-shell.ts";

/** The options of `rlmflow doctor` as they are typed. */
export interface DoctorFlags {
  readonly copyGood?: string;
}

/** `rlmflow doctor`: says what is wrong with a workspace, a run, a branch or a trace, and copies out what is good. */
export async function doctorCommand(path: string, flags: DoctorFlags, io: CommandIo): Promise<ExitCode> {
  if (await isTraceFile(path)) return await examineTrace(path, io);
  const place = placeAt(path);
  await using workspace = await openWorkspace(place.workspace);
  const examined: BranchExamination[] = [];
  for (const { runId, branchId } of await branchesAt(workspace, place)) {
    const examination = await workspace.examine(runId, branchId);
    examined.push(examination);
    await write(io.stdout, `${linesOf(examination).map(plainText).join("\n")}\n`);
  }
  const problems = examined
    .flatMap(({ findings }) => findings)
    .filter(({ severity }) => severity === "problem");
  if (flags.copyGood !== undefined) await copyAll(examined, workspace, flags.copyGood, io);
  else if (problems.length > 0) await write(io.stdout, `${advice(problems.length, path)}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

async function branchesAt(workspace: Workspace, { run, branch }: Place) {
  const all = await workspace.branches();
  const wanted = all.filter(({ runId, branchId }) => {
    return (run === null || run === runId) && (branch === null || branch === branchId);
  });
  // Says what is there instead.
  if (wanted.length === 0) await workspace.reader(run ?? undefined, branch ?? undefined);
  return wanted;
}

function linesOf({ runId, branchId, good, findings }: BranchExamination): readonly string[] {
  const isWhole = findings.every(({ severity }) => severity !== "problem");
  const state = isWhole ? `${good.length} nodes, all good` : `${good.length} nodes are good`;
  return [
    `run ${runId} branch ${branchId}: ${state}`,
    ...findings.map(({ severity, file, line, message }) => {
      return `  ${severity}  ${message.startsWith(file) ? "" : `${file}${line === undefined ? "" : ` line ${line}`}: `}${message}`;
    }),
  ];
}

async function copyAll(
  examined: readonly BranchExamination[],
  workspace: Workspace,
  directory: string,
  io: CommandIo,
): Promise<void> {
  await using target = await openWorkspace(directory);
  if (target.directory === workspace.directory)
    throw new RLMError(
      "invalid_options",
      "--copy-good needs another directory than the one that is examined.",
    );
  const mainFirst = examined.toSorted((a, b) => a.good.run.branch.createdAt - b.good.run.branch.createdAt);
  for (const { runId, branchId, good } of mainFirst) {
    if (good.length === 0) {
      await write(io.stdout, `nothing of run ${runId} branch ${branchId} can be copied\n`);
      continue;
    }
    await workspace.copyBranch(good, target);
    await write(
      io.stdout,
      `copied ${good.length} nodes of run ${runId} branch ${branchId} to ${target.directory}\n`,
    );
  }
  await write(io.stdout, "The agents' files were not copied.\n");
}

function advice(problems: number, path: string): string {
  const count = problems === 1 ? "1 problem" : `${problems} problems`;
  return `${count}. Restore the files from a copy, or take what is good: rlmflow doctor ${quoteForShell(path)} --copy-good <directory>`;
}

async function examineTrace(path: string, io: CommandIo): Promise<ExitCode> {
  try {
    const { graph } = await loadTrace(await readFile(path, "utf8"));
    await write(
      io.stdout,
      `trace of run ${graph.run.runId} branch ${graph.branch}: ${graph.length} nodes, all good\n`,
    );
    return EXIT.ok;
  } catch (error) {
    if (!RLMError.is(error)) throw error;
    await write(io.stdout, `  problem  ${plainText(`${path}: ${error.message}`)}\n`);
    return EXIT.failed;
  }
}
