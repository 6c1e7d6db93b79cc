import { lstatSync, type Stats } from "node:fs";
import { RLMError } from "@rlmflow/core";

/**
 * The folders that lead to some files, as they were when writing there began.
 *
 * Owns: whether each of them is still the folder that it was. Does not own: the files, nor whether they are there.
 * 1. None is a symbolic link: not when the chain is made, and not when something is written.
 * 2. A folder that is missing is left to whoever opens the file: nothing can be written there.
 * 3. One that another real folder has replaced is told by its number, where the file system knows when a folder was
 *    made: others may number theirs anew while they are not in use.
 */
export class FolderChain {
  readonly #folders: readonly (readonly [path: string, found: Stats])[];

  /** From the outermost folder on. Throws `store_failed` for a link or a file. */
  constructor(folders: readonly string[]) {
    this.#folders = folders.flatMap((path) => {
      const found = requireDirectory(path);
      return found === undefined ? [] : [[path, found] as const];
    });
  }

  /** Throws `store_failed` if one of them is another one now. Looks at each of them once: about 2 µs. */
  require(): void {
    for (const [path, { dev, ino, birthtimeMs }] of this.#folders) {
      const now = lstatSync(path, { throwIfNoEntry: false });
      if (now === undefined) return;
      if (now.isSymbolicLink()) throw changed(path, "became a symbolic link");
      if (!now.isDirectory()) throw changed(path, "became a file");
      if (birthtimeMs > 0 && (now.ino !== ino || now.dev !== dev))
        throw changed(path, "was replaced by another folder");
    }
  }
}

function changed(path: string, what: string): RLMError {
  const consequence = "What is written would end up elsewhere, so nothing more was written";
  const advice = "Put the folder that was there back in its place, then resume the run.";
  return new RLMError(
    "store_failed",
    `${path} ${what} while this process was writing in it. ${consequence}. ${advice}`,
    { details: { path } },
  );
}

/**
 * Throws `store_failed` if a symbolic link or a file stands in the place of a folder: writes could end up elsewhere.
 * Gives what was found, `undefined` for nothing.
 */
export function requireDirectory(path: string): Stats | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return found;
  throw noDirectory(path, found.isSymbolicLink() ? "a symbolic link" : "not a directory");
}

/** From the outermost on, throws `store_failed` if one of them is a symbolic link: runs that are reached through it can't be gone on with. */
export function refuseLinks(folders: readonly string[]): void {
  for (const path of folders) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) throw noDirectory(path, "a symbolic link");
    // Below anything else there is nothing to look at.
    if (!found?.isDirectory()) return;
  }
}

function noDirectory(path: string, what: string): RLMError {
  return new RLMError(
    "store_failed",
    `${path} is ${what}: nothing is written through it. Put the directory itself there.`,
    { details: { path } },
  );
}
