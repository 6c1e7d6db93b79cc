import { plainText } from "@rlmflow/render";
import { Command, CommanderError } from "commander";
import type { CommandIo } from "./command-io.ts";
import { addBranchCommands } from "./commands/add-branch-commands.ts";
import { addDockerCommands } from "./commands/add-docker-commands.ts";
import { declareLiveCommands } from "./commands/declare-live-commands.ts";
import { declareRender } from "./commands/declare-render.ts";
import { declareRunCommands } from "./commands/declare-run-commands.ts";
import { versionCommand, versionText } from "./commands/version.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-code.ts";

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
    .version(versionText(), "-V, --version", "print the version")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    })
    .showHelpAfterError("(rlmflow help shows what can be done)");
  declareRunCommands(program, io, perform);
  declareLiveCommands(program, io, perform);
  declareRender(program, io, perform);
  addBranchCommands(program, io, perform);
  addDockerCommands(program, io, perform);
  program
    .command("version")
    .description("print the version")
    .action(() => perform(versionCommand(io)));
  return program;
}
