import type { Command } from "commander";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import type { AskFlags } from "../live/ask-run.ts";
import type { LimitFlags } from "../options/limit-options.ts";
import { abortCommand } from "./abort.ts";
import { cancelCommand } from "./cancel.ts";
import { codeCommand } from "./code.ts";
import { limitOptions, viewOptions } from "./declare-run-commands.ts";
import { finalCommand } from "./final.ts";
import { limitCommand } from "./limit.ts";
import { pauseCommand } from "./pause.ts";
import { resultCommand } from "./result.ts";
import { sayCommand } from "./say.ts";
import { unpauseCommand } from "./unpause.ts";
import { type WatchFlags, watchCommand } from "./watch.ts";

type Perform = (command: Promise<ExitCode>) => Promise<void>;

/** Declares the commands that reach a run which another process moves. */
export function declareLiveCommands(program: Command, io: CommandIo, perform: Perform): void {
  declareWatch(program, io, perform);
  declareEdits(program, io, perform);
  for (const [name, command, description] of [
    ["pause", pauseCommand, "let nothing new start in a run; what is in flight lands"],
    ["unpause", unpauseCommand, "let a paused run go on"],
    ["abort", abortCommand, "cut off what a run has in flight and end it; resume goes on"],
  ] as const) {
    asking(program, name, description, CONTROL_HELP).action((path: string, flags: AskFlags) =>
      perform(command(path, flags, io)),
    );
  }
}

function declareWatch(program: Command, io: CommandIo, perform: Perform): void {
  const command = program
    .command("watch")
    .description("show a run while another process moves it, until it ends")
    .argument("<workspace>", "the workspace, or anything in its .rlmflow folder")
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch; default main");
  viewOptions(command).action((path: string, flags: WatchFlags) => perform(watchCommand(path, flags, io)));
}

function declareEdits(program: Command, io: CommandIo, perform: Perform): void {
  edit(program, "say", "tell an agent something, which its model reads with the next request")
    .argument("[text...]", "what to say")
    .action((path: string, words: readonly string[], flags: AskFlags) =>
      perform(sayCommand(path, words, flags, io)),
    );
  edit(
    program,
    "cancel",
    "stop an agent and everything below it, at once and for good",
    "the agent, like root.scan",
  )
    .option("--reason <text>", "why; its parent is told")
    .action((path: string, flags: AskFlags & { reason?: string }) => perform(cancelCommand(path, flags, io)));
  edit(program, "final", "ask an agent for its answer with its next reply").action(
    (path: string, flags: AskFlags) => perform(finalCommand(path, flags, io)),
  );
  edit(program, "code", "put other code in the place of what an agent of a paused run is about to run")
    .argument("<file>", "the code; - is standard input")
    .action((path: string, file: string, flags: AskFlags) => perform(codeCommand(path, file, flags, io)));
  edit(program, "result", "give an agent its result and stop what works below it")
    .argument("<json>", "the result as JSON; - is standard input")
    .action((path: string, json: string, flags: AskFlags) => perform(resultCommand(path, json, flags, io)));
  limitOptions(
    edit(
      program,
      "limit",
      "change limits of an agent; one that a limit has stopped goes on",
      "the agent; default root, whose tokens and money are those of the whole run",
    ),
  ).action((path: string, flags: AskFlags & LimitFlags) => perform(limitCommand(path, flags, io)));
}

const ONLY_AGENT = "the agent, like root.scan; may be left out when the run has only one";

function edit(program: Command, name: string, description: string, agentHelp: string = ONLY_AGENT): Command {
  return asking(program, name, description, EDIT_HELP).option("-a, --agent <id>", agentHelp);
}

function asking(program: Command, name: string, description: string, help: string): Command {
  return program
    .command(name)
    .description(description)
    .argument("<workspace>", "the workspace, or anything in its .rlmflow folder")
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch; default main")
    .option("--wait <time>", "how long to wait until it was done; default 30s")
    .addHelpText("after", help);
}

const EDIT_HELP = `
An edit of a run that no process moves is kept, and done when the run is resumed; one that can't be made then is
refused at once.
Exit codes: 0 done, 1 refused, 2 wrong options, 4 kept but not done yet.
`;

const CONTROL_HELP = `
Refused when no process moves the run.
Exit codes: 0 done, 1 refused, 2 wrong options, 4 not done within the time.
`;
