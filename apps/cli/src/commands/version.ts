import { createRequire } from "node:module";
import { isJsonObject } from "@rlmflow/core";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";

/** `rlmflow version`: the version of the command and of Node. */
export async function versionCommand(io: CommandIo): Promise<ExitCode> {
  await write(io.stdout, `${versionText()}\n`);
  return EXIT.ok;
}

/** The version of the command and of Node, as one line. */
export function versionText(): string {
  const manifest: unknown = createRequire(import.meta.url)("@rlmflow/cli/package.json");
  const version = isJsonObject(manifest) ? String(manifest.version) : "of an unknown version";
  return `rlmflow ${version} (Node ${process.versions.node})`;
}
