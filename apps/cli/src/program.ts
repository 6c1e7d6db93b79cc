import { Command, CommanderError, Option } from "commander";
import type { CommandIo } from "./command-io.ts";
import { addBranchCommands } from "./commands/add-branch-commands.ts";
import { renderCommand } from "./commands/render.ts";
import { runCommand } from "./commands/run.ts";
import { versionCommand } from "./commands/version.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit-code.ts";
import type { RenderFlags } from "./render/render-options.ts";
import type { RunFlags } from "./run/run-options.ts";
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
  addRun(program, io, perform);
  addRender(program, io, perform);
  addBranchCommands(program, io, perform);
  program
    .command("version")
    .description("print the version")
    .action(() => perform(versionCommand(io)));
  return program;
}

function addRun(program: Command, io: CommandIo, perform: Perform): void {
  program
    .command("run")
    .description("answer a query, with progress on stderr and the answer on stdout")
    .argument("[query...]", "what is to be done, in quotes")
    .option(
      "-m, --model <name>",
      "the model; default RLMFLOW_MODEL. Names that begin with claude are Anthropic's",
    )
    .option("--provider <name>", "openai (any server that speaks Chat Completions) or anthropic")
    .option(
      "--base-url <address>",
      "another server than the provider's own; it gets no key unless --api-key-env names one",
    )
    .option("--api-key-env <variable>", "the environment variable that holds the key")
    .addOption(new Option("--api-key [key]").hideHelp())
    .option("--price <in/out>", "US dollars per million tokens of input and of output, like 2.5/10")
    .option("-c, --context <file...>", "files that agents read through CONTEXT; - is standard input")
    .option("-d, --dir <directory>", "the workspace that keeps the run; default the current directory")
    .option("--runtime <name>", "isolated, or local for code that is trusted")
    .option("--output <file>", "a JSON Schema that the answer must fit")
    .option("--max-depth <n>", "levels of agents below the root")
    .option("--max-iterations <n>", "requests of one agent")
    .option("--max-tokens <n>", "tokens of the whole run, like 200k")
    .option("--max-cost <dollars>", "US dollars of the whole run; needs --price")
    .option("--max-duration <time>", "time of the run, like 90s or 10m")
    .option("--max-agents <n>", "agents of the whole run")
    .option("--max-concurrency <n>", "requests in flight at a time")
    .option("--json", "write every event to stdout as a line of JSON, the last of type end")
    .option("-q, --quiet", "no progress on stderr")
    .option("--progress <kind>", "auto, plain or json")
    .option("--no-progress", "no progress on stderr")
    .option("--plain", "progress as plain lines that are never redrawn")
    .option("--color <when>", "auto, always or never")
    .addHelpText("after", RUN_HELP)
    .action((words: readonly string[], flags: RunFlags) => perform(runCommand(words, flags, io)));
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

const RUN_HELP = `
Keys come from the environment: OPENAI_API_KEY or ANTHROPIC_API_KEY.
The first Ctrl-C lets what is in flight land and keeps the run, the second cuts it off.
Exit codes: 0 answered, 1 failed, 2 wrong options, 3 a limit was reached, 130 interrupted.
`;
