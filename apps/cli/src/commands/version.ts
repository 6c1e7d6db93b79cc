import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { ownVersion } from "../own-version.ts";

/** `rlmflow version`: the version of the command and of Node. */
export async function versionCommand(io: CommandIo): Promise<ExitCode> {
  await write(io.stdout, `${versionText()}\n`);
  return EXIT.ok;
}

/** The version of the command and of Node, as one line. */
export function versionText(): string {
  return `rlmflow ${ownVersion()} (Node ${process.versions.node})`;
}
