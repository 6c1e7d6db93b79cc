import manifest from "../../package.json" with { type: "json" };
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

/** `rlmflow version`: the version of the command and of Node. */
export async function versionCommand(io: CommandIo): Promise<ExitCode> {
  await write(io.stdout, `rlmflow ${manifest.version} (Node ${process.versions.node})\n`);
  return EXIT.ok;
}
