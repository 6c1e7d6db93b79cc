import type { Command } from "commander";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type DockerBuildFlags, dockerBuildCommand } from "./docker-build.ts";

type Perform = (command: Promise<ExitCode>) => Promise<void>;

/** The commands about containers. */
export function addDockerCommands(program: Command, io: CommandIo, perform: Perform): void {
  program
    .command("docker")
    .description("what --runtime docker needs")
    .command("build")
    .description("make the image of the sandboxes: Node.js and Python")
    .option(
      "--tag <name>",
      "name of the image; default rlmflow-sandbox, which is taken when --image is left out",
    )
    .option(
      "--from <image>",
      "what it is made from, Debian with Node.js in it; default node:24-bookworm-slim",
    )
    .action((flags: DockerBuildFlags) => perform(dockerBuildCommand(flags, io)));
}
