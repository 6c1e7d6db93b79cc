import type { Command } from "commander";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import type { RenderFlags } from "../options/render-options.ts";
import { renderCommand } from "./render.ts";

type Perform = (command: Promise<ExitCode>) => Promise<void>;

/** Declares the command that shows a run. */
export function declareRender(program: Command, io: CommandIo, perform: Perform): void {
  program
    .command("render")
    .description("show a run that was kept")
    .argument(
      "<path>",
      "a workspace, anything in its .rlmflow folder, or what export or render -f json wrote",
    )
    .option("-f, --format <name>", "tree (default), md: a report with every node whole, code, log or json")
    .option("-o, --file <file>", "write to a file")
    .option("--run <id>", "the run; default the newest")
    .option("--branch <id>", "the branch; default main")
    .option("--node <id>", "this node alone, whole: its text, code and output")
    .option("--all", "every agent and every node, a line each; -f md shows them whole")
    .option("--depth <n>", "levels of agents whose nodes are shown; default 3")
    .option("--expand <agent...>", "agents whose nodes are shown at any depth")
    .option("--ids", "whole ids; without it, #3 below root.scan is root.scan#3")
    .option("--ascii", "no characters beyond ASCII of our own")
    .option("--width <columns>", "columns of a line; default the terminal's")
    .option("--root <agent>", "begin with this agent, by id or name, or with that of this node")
    .option("--at <node>", "the run as it was after this node, or after this many nodes")
    .option("--by <what>", "put siblings in order of time, tokens or cost")
    .option("--json", "the tree as JSON")
    .option("--color <when>", "auto, always or never")
    .action((path: string, flags: RenderFlags) => perform(renderCommand(path, flags, io)));
}
