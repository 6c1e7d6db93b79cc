import { loadTrace, RLMError } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { plainText } from "@rlmflow/render";
import { type BranchExamination, openWorkspace, type Workspace } from "@rlmflow/workspace";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { readText } from "../files/read-text.ts";
import { isTraceFile, type Place, placeAt } from "../render/open-graph.ts";
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
  let examined: BranchExamination[] = [];
  for (const { runId, branchId } of await branchesAt(workspace, place)) {
    examined.push(await workspace.examine(runId, branchId));
  }
  examined = withLostParents(examined, workspace);
  for (const examination of examined)
    await write(io.stdout, `${linesOf(examination).map(plainText).join("\n")}\n`);
  const problems = examined
    .flatMap(({ findings }) => findings)
    .filter(({ severity }) => severity === "problem");
  if (flags.copyGood !== undefined) await copyAll(examined, workspace, flags.copyGood, io);
  else if (problems.length > 0) await write(io.stdout, `${advice(problems.length, path)}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

/** Adds what branches tell of one another: a branch has lost the nodes that others were forked at and it lacks. */
function withLostParents(examined: readonly BranchExamination[], workspace: Workspace): BranchExamination[] {
  const byName = new Map(examined.map((one) => [`${one.runId} ${one.branchId}`, one]));
  const lost = new Map<BranchExamination, string[]>();
  for (const { runId, branchId, good } of examined) {
    const { parent } = good.run.branch;
    const source = parent === null ? undefined : byName.get(`${runId} ${parent.branch}`);
    if (parent === null || source === undefined || source.good.find(parent.at) !== undefined) continue;
    lost.set(source, [...(lost.get(source) ?? []), `${branchId} at ${parent.at}`]);
  }
  return examined.map((one) => {
    const forks = lost.get(one);
    if (forks === undefined) return one;
    const shown = forks.slice(0, 5).join(", ") + (forks.length > 5 ? ` and ${forks.length - 5} more` : "");
    const message = `Nodes are lost that other branches were forked at: ${shown}. Those branches have copies of what they kept.`;
    const file = workspace.branchPaths(one.runId, one.branchId).log;
    return { ...one, findings: [...one.findings, { severity: "problem", file, message }] };
  });
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
  const state =
    good.length === 0 && isWhole
      ? "no nodes"
      : isWhole
        ? `${counted(good.length, "node")}, all good`
        : counted(good.length, "node is good", "nodes are good");
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
  const there = new Set((await target.branches()).map(({ runId, branchId }) => `${runId} ${branchId}`));
  for (const { runId, branchId, good } of mainFirst) {
    if (there.has(`${runId} ${branchId}`)) {
      await write(
        io.stdout,
        `run ${runId} branch ${branchId} is in ${target.directory} already: left as it is\n`,
      );
      continue;
    }
    if (good.length === 0) {
      await write(io.stdout, `nothing of run ${runId} branch ${branchId} can be copied\n`);
      continue;
    }
    await workspace.copyBranch(good, target);
    await write(
      io.stdout,
      `copied ${counted(good.length, "node")} of run ${runId} branch ${branchId} to ${target.directory}\n`,
    );
  }
  await write(io.stdout, "The agents' files were not copied.\n");
}

function advice(problems: number, path: string): string {
  return `${counted(problems, "problem")}. Restore the files from a copy, or take what is good: rlmflow doctor ${quoteForShell(path)} --copy-good <directory>`;
}

async function examineTrace(path: string, io: CommandIo): Promise<ExitCode> {
  try {
    const { graph } = await loadTrace(await readText(path));
    await write(
      io.stdout,
      `trace of run ${graph.run.runId} branch ${graph.branch}: ${counted(graph.length, "node")}, all good\n`,
    );
    return EXIT.ok;
  } catch (error) {
    if (!RLMError.is(error)) throw error;
    await write(io.stdout, `  problem  ${plainText(`${path}: ${error.message}`)}\n`);
    return EXIT.failed;
  }
}
