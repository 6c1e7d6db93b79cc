import { plainText } from "@rlmflow/render";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { loadPackage } from "../packages/load-package.ts";

/** The options of `rlmflow docker build` as they are typed. */
export interface DockerBuildFlags {
  readonly tag?: string;
  readonly from?: string;
}

/** `rlmflow docker build`: makes the image that `--runtime docker` runs on. Its name goes to stdout, the rest to stderr. */
export async function dockerBuildCommand(flags: DockerBuildFlags, io: CommandIo): Promise<ExitCode> {
  const { buildDockerImage } = await loadPackage("docker build");
  const onOutput = (text: string): void => void io.stderr.write(plainText(text));
  const tag = await buildDockerImage({ ...flags, onOutput });
  await write(io.stdout, `${tag}\n`);
  return EXIT.ok;
}
