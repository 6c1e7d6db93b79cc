import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, resolve, sep } from "node:path";
import { RLMError } from "@rlmflow/core";

/** Where a program is looked for. */
export interface Whereabouts {
  readonly workingDirectory: string;
  /** Folders as in the variable PATH. */
  readonly path: string;
}

/**
 * The file of a program, found as a shell finds it, so that what is wrong is told before anything starts: the
 * operating system has one code for a missing program, folder and interpreter. Throws `runtime_failed`.
 */
export async function findExecutable(
  program: string,
  { workingDirectory, path }: Whereabouts,
): Promise<string> {
  await ensureFolder(workingDirectory);
  // Elsewhere names have endings that are left out, and the operating system knows better.
  if (process.platform === "win32") return program;
  if (program.includes(sep)) return await ensureExecutable(resolve(workingDirectory, program));
  for (const folder of path.split(delimiter)) {
    const file = resolve(workingDirectory, folder, program);
    if ((await faultOf(file)) === null) return file;
  }
  throw failure(`there is no program "${program}" on the PATH. Install it, or name it with its whole path`);
}

async function ensureFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null);
  const said = `The working directory ${JSON.stringify(folder)}`;
  if (found === null) throw failure(`${said} does not exist. Make it, or name another`);
  if (!found.isDirectory()) throw failure(`${said} is no directory. Name one`);
}

async function ensureExecutable(file: string): Promise<string> {
  const fault = await faultOf(file);
  if (fault !== null) throw failure(`the program ${JSON.stringify(file)} ${fault}`);
  return file;
}

/** Why a file can't be run, or `null`. */
async function faultOf(file: string): Promise<string | null> {
  if (!isAbsolute(file)) return "has no whole path";
  const found = await stat(file).catch(() => null);
  if (found === null) return "does not exist. Write the path of one that does";
  if (found.isDirectory()) return "is a directory. Name a file in it";
  const may = await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
  return may ? null : "may not be executed. Set its permission to execute (chmod +x)";
}

function failure(what: string): RLMError {
  return new RLMError("runtime_failed", `${what}.`);
}
