import type { Command } from "commander";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import type { ForkFlags } from "../options/fork-options.ts";
import { type BranchesFlags, branchesCommand } from "./branches.ts";
import { type DiffFlags, diffCommand } from "./diff.ts";
import { type DoctorFlags, doctorCommand } from "./doctor.ts";
import { type ExportFlags, exportCommand } from "./export.ts";
import { forkCommand } from "./fork.ts";
import { type ImportFlags, importCommand } from "./import.ts";
import { type RunsFlags, runsCommand } from "./runs.ts";

type Perform = (command: Promise<ExitCode>) => Promise<void>;

/** The commands about branches of a run, and about what is kept of one. */
export function addBranchCommands(program: Command, io: CommandIo, perform: Perform): void {
  program
    .command("runs")
    .description("list the runs of a workspace, the newest first, with the query, state and usage of each")
    .argument("[workspace]", "the workspace; default the current directory", ".")
    .option("--json", "one line of JSON for each run, with the whole query and answer")
    .action((path: string, flags: RunsFlags) => perform(runsCommand(path, flags, io)));
  program
    .command("fork")
    .description("make a branch of a run that goes another way from a node; no model is asked")
    .argument("<workspace>", "a workspace, or a run or branch in its .rlmflow folder")
    .option("--at <node>", "the last node that is kept: root.scan#3, or a call like root.scan#3/0")
    .option("--name <branch>", "name of the new branch; default fork-1, fork-2, …")
    .option(
      "--keep <what>",
      "independent (default): all that does not follow from what is dropped; before: what came before in the log",
    )
    .option("--code <file>", "run this code in place of that of the node, which must be an action")
    .option("--say <text>", "say something to the agent")
    .option(
      "--model <name>",
      "let another model answer on the branch; of a run that a program began, the key of one of its models, for the agent",
    )
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch that is forked; default main")
    .option("--json", "the numbers as JSON")
    .action((path: string, flags: ForkFlags) => perform(forkCommand(path, flags, io)));
  program
    .command("branches")
    .description("show the branches of a run, which was forked from which, and their answers")
    .argument("<workspace>", "a workspace, or a run in its .rlmflow folder")
    .option("--run <id>", "the run; default the newest")
    .option("--ascii", "no characters beyond ASCII of our own")
    .action((path: string, flags: BranchesFlags) => perform(branchesCommand(path, flags, io)));
  program
    .command("diff")
    .description("show where two branches part, and what differs after that")
    .argument("<a>", "a branch of the workspace, or a path to anything that render shows")
    .argument("<b>", "another")
    .option("-d, --dir <directory>", "the workspace of the branches; default the current directory")
    .option("--run <id>", "the run; default the newest")
    .option("--json", "the numbers as JSON")
    .action((a: string, b: string, flags: DiffFlags) => perform(diffCommand([a, b], flags, io)));
  addFileCommands(program, io, perform);
}

function addFileCommands(program: Command, io: CommandIo, perform: Perform): void {
  program
    .command("export")
    .description("write a run as one self-contained JSON file")
    .argument("<workspace>", "a workspace, or a run or branch in its .rlmflow folder")
    .option("-o, --file <file>", "write to a file")
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch; default main")
    .action((path: string, flags: ExportFlags) => perform(exportCommand(path, flags, io)));
  program
    .command("import")
    .description("take an exported run into a workspace, to resume or fork it there")
    .argument("<file>", "what export wrote")
    .option("-d, --dir <directory>", "the workspace; default the current directory")
    .action((file: string, flags: ImportFlags) => perform(importCommand(file, flags, io)));
  program
    .command("doctor")
    .description("say what is wrong with what was kept of runs")
    .argument("<path>", "a workspace, a run or branch in its .rlmflow folder, or an exported file")
    .option("--copy-good <directory>", "copy all that is good into a workspace of its own")
    .action((path: string, flags: DoctorFlags) => perform(doctorCommand(path, flags, io)));
}
