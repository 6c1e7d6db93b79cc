import { type Command, Option } from "commander";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import type { RunFlags } from "../options/run-options.ts";
import { continueCommand } from "./continue.ts";
import { type ResumeFlags, resumeCommand } from "./resume.ts";
import { runCommand } from "./run.ts";

type Perform = (command: Promise<ExitCode>) => Promise<void>;

/** Declares the commands that move a run in this process. */
export function declareRunCommands(program: Command, io: CommandIo, perform: Perform): void {
  const run = program
    .command("run")
    .description("answer a query, with progress on stderr and the answer on stdout")
    .argument("[query...]", "what is to be done, in quotes");
  modelOptions(run)
    .option("-c, --context <file...>", "files that agents read through CONTEXT; - is standard input")
    .option("-d, --dir <directory>", "the workspace that keeps the run; default the current directory")
    .option("--output <file>", "a JSON Schema that the answer must fit");
  viewOptions(requestOptions(limitOptions(run)))
    .addHelpText("after", RUN_HELP)
    .action((words: readonly string[], flags: RunFlags) => perform(runCommand(words, flags, io)));
  const resume = program
    .command("resume")
    .description("go on with a run that was interrupted, killed or stopped at a limit")
    .argument("<workspace>", "the workspace, or anything in its .rlmflow folder")
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch; default main")
    .option(
      "--force",
      "take the branch though a process on another host holds it: make sure that it is gone",
    );
  viewOptions(requestOptions(limitOptions(modelOptions(resume))))
    .addHelpText("after", RESUME_HELP)
    .action((path: string, flags: ResumeFlags) => perform(resumeCommand(path, flags, io)));
  declareContinue(program, io, perform);
}

function declareContinue(program: Command, io: CommandIo, perform: Perform): void {
  const further = program
    .command("continue")
    .description("give a run that has ended a further query, in its existing REPL")
    .argument("<workspace>", "the workspace, or anything in its .rlmflow folder")
    .argument("[query...]", "the further query, in quotes")
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch; default main")
    .option("--output <file>", "a JSON Schema that the answer must fit");
  viewOptions(requestOptions(modelOptions(further)))
    .addHelpText("after", CONTINUE_HELP)
    .action((path: string, words: readonly string[], flags: ResumeFlags) =>
      perform(continueCommand(path, words, flags, io)),
    );
}

function modelOptions(command: Command): Command {
  return command
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
    .option(
      "--runtime <name>",
      "where agents' code runs: isolated (default), docker, modal, or subprocess and local for code that is trusted",
    )
    .option("--language <name>", "what agents write: javascript (default) or python")
    .option("--image <name>", "the image of the containers, with --runtime docker or modal")
    .option("--files <mode>", "what agents may do with the workspace's files: none (default), read or write");
}

/** The options for limits of one agent, which may change while a run lives. */
export function limitOptions(command: Command): Command {
  return command
    .option("--max-depth <n>", "levels of agents below the root")
    .option("--max-iterations <n>", "requests of one agent")
    .option("--max-tokens <n>", "tokens of the whole run, like 200k")
    .option("--max-cost <dollars>", "US dollars of the whole run; needs --price")
    .option("--max-duration <time>", "time of the run, like 90s or 10m")
    .option("--max-agents <n>", "agents of the whole run");
}

function requestOptions(command: Command): Command {
  return command
    .option("--max-concurrency <n>", "requests in flight at a time")
    .option("--max-retries <n>", "how often a request is made again that fails in a passing way; default 5");
}

/** The options that say how a run is shown. */
export function viewOptions(command: Command): Command {
  return command
    .option("--json", "write every event to stdout as a line of JSON, the last of type end")
    .option("-q, --quiet", "no progress on stderr")
    .option("--progress <kind>", "auto, plain or json")
    .option("--no-progress", "no progress on stderr")
    .option("--plain", "progress as plain lines that are never redrawn")
    .option("--color <when>", "auto, always or never");
}

const RUN_HELP = `
Keys come from the environment: OPENAI_API_KEY or ANTHROPIC_API_KEY.
The first Ctrl-C lets what is in flight land and keeps the run, the second cuts it off.
Exit codes: 0 answered, 1 failed, 2 wrong options, 3 a limit was reached, 130 interrupted.
`;

const CONTINUE_HELP = `
Options that are left out keep the values that the run was begun with, all but --max-concurrency and --max-retries.
Variables, contexts and limits stay.
Exit codes: 0 answered, 1 failed, 2 wrong options, 3 a limit was reached, 130 interrupted.
`;

const RESUME_HELP = `
Options that are left out are those the run was begun with, all but --max-concurrency and --max-retries.
What was answered is not asked for again.
Limits that are given change the run's; a run that a limit has stopped needs a higher one.
--max-duration counts anew from then on. Time in which no process worked on the run never counts.
Exit codes: 0 answered, 1 failed, 2 wrong options, 3 a limit was reached, 130 interrupted.
`;
