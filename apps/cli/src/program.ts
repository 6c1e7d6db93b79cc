import { Command, CommanderError } from "commander";
import type { CommandIo } from "./command-io.ts";
import { addBranchCommands } from "./commands/add-branch-commands.ts";
import { addDockerCommands } from "./commands/add-docker-commands.ts";
import { renderCommand } from "./commands/render.ts";
import { versionCommand } from "./commands/version.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-code.ts";
import { declareLiveCommands } from "./live/declare-live-commands.ts";
import type { RenderFlags } from "./render/render-options.ts";
import { declareRunCommands } from "./run/declare-run-commands.ts";
import { plainText } from "./terminal/plain-text.ts";

/** Runs the command that the arguments name, tells the user what went wrong, and gives the exit code. */
export async function runProgram(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = makeProgram(io, async (command) => {
    exitCode = await command;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const message = plainText(error instanceof Error ? error.message : String(error));
    io.stderr.write(
      message.startsWith("- ")
        ? `rlmflow: these options can't be used:\n${message}\n`
        : `rlmflow: ${message}\n`,
    );
    return exitCodeOf(error);
  }
}

type Perform = (command: Promise<ExitCode>) => Promise<void>;

function makeProgram(io: CommandIo, perform: Perform): Command {
  const program = new Command("rlmflow")
    .description("Run and inspect Recursive Language Models.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    })
    .showHelpAfterError("(rlmflow help shows what can be done)");
  declareRunCommands(program, io, perform);
  declareLiveCommands(program, io, perform);
  addRender(program, io, perform);
  addBranchCommands(program, io, perform);
  addDockerCommands(program, io, perform);
  program
    .command("version")
    .description("print the version")
    .action(() => perform(versionCommand(io)));
  return program;
}

function addRender(program: Command, io: CommandIo, perform: Perform): void {
  program
    .command("render")
    .description("show a run that was kept")
    .argument(
      "<path>",
      "a workspace, anything in its .rlmflow folder, or what export or render -f json wrote",
    )
    .option("-f, --format <name>", "tree, json or log")
    .option("-o, --file <file>", "write to a file")
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch; default main")
    .option("--all", "leave nothing out")
    .option("--depth <n>", "levels of agents whose nodes are shown; default 3")
    .option("--expand <agent...>", "agents whose nodes are shown at any depth")
    .option("--ids", "whole ids in place of names")
    .option("--ascii", "no characters beyond ASCII of our own")
    .option("--width <columns>", "columns of a line; default the terminal's")
    .option("--root <agent>", "begin with this agent, or with that of this node")
    .option("--at <node>", "the run as it was after this node, or after this many nodes")
    .option("--by <what>", "put siblings in order of time, tokens or cost")
    .option("--json", "the tree as JSON")
    .option("--color <when>", "auto, always or never")
    .action((path: string, flags: RenderFlags) => perform(renderCommand(path, flags, io)));
}
