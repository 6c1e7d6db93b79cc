import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(import.meta.dirname, "../../../..");

/** How a program may be run. */
export interface ProgramOptions {
  /** A package that cannot be found from within the program. */
  readonly without?: string;
}

/**
 * Runs a module in a Node process of its own, our packages read from source, and gives the JSON it prints.
 * Rejects when the process has not ended by itself after 20 seconds.
 */
export async function runProgram(body: string, { without = "" }: ProgramOptions = {}): Promise<unknown> {
  const program = `
    import { registerHooks } from "node:module";
    import { pathToFileURL } from "node:url";
    const packages = ${JSON.stringify(join(root, "packages"))};
    const core = (entry) => pathToFileURL(packages + "/core/src/" + entry + ".ts").href;
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === "@rlmflow/core") return next(core("index"), context);
        if (specifier === "@rlmflow/core/driver") return next(core("driver"), context);
        return next(specifier === ${JSON.stringify(without)} ? specifier + "-is-not-here" : specifier, context);
      },
    });
    ${body}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", program],
    { cwd: root, timeout: 200_000 },
  );
  return JSON.parse(stdout);
}
