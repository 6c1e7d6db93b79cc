import { existsSync, lstatSync, type Stats } from "node:fs";
import { RLMError } from "@rlmflow/core";
import { type Durability, makeDirectory } from "../disk/durable-files.ts";
import { orFileFailure } from "../disk/file-failure.ts";
import type { Layout } from "./layout.ts";

/**
 * The directory of a workspace, which is made once.
 *
 * Owns: whether the folders that hold runs exist and are still the same as when they were first seen.
 * Does not own: the files in them.
 * 1. Folders that were seen once are not made again: if a workspace is removed or renamed, its runs stop, and no part of
 *    a new workspace appears in its place.
 * 2. None of them is a symbolic link or becomes one, so all writes stay in the workspace.
 */
export class WorkspaceRoot {
  readonly #layout: Layout;
  readonly #durability: Durability;
  #seen: FolderChain | null = null;
  readonly #folders = new Map<string, FolderChain>();

  constructor(layout: Layout, durability: Durability) {
    this.#layout = layout;
    this.#durability = durability;
  }

  /** Makes the folders the first time; later throws `store_failed` if they are gone. */
  async make(): Promise<void> {
    const { root, hidden } = this.#layout;
    if (this.#seen === null)
      await orFileFailure("make", hidden, async () => {
        await makeDirectory(root, this.#durability, 0o777);
        await makeDirectory(hidden, this.#durability);
      });
    this.require();
  }

  /** Makes one of the folders in it; one that was made or found before has to be there still. */
  async makeFolder(folder: string): Promise<void> {
    const known = this.#folders.get(folder);
    known?.require();
    if (known !== undefined && existsSync(folder)) return;
    await this.make();
    if (known !== undefined)
      throw new RLMError(
        "store_failed",
        `${folder} was removed or renamed while the workspace was open, and what it held is needed. Nothing is made in its place: put it back.`,
        { details: { path: folder, code: "ENOENT" } },
      );
    await orFileFailure("make", folder, () => makeDirectory(folder, this.#durability));
    const { root, hidden } = this.#layout;
    this.#folders.set(folder, new FolderChain([root, hidden, folder]));
  }

  /** Throws `store_failed` if the folder, which {@link makeFolder} has made, is not where it was: before a file gets its name in it. */
  requireFolder(folder: string): void {
    this.#folders.get(folder)?.require();
  }

  /** Throws `store_failed` if the workspace is gone or was replaced. */
  require(): void {
    const { root, hidden } = this.#layout;
    const folders = this.#seen ?? new FolderChain([root, hidden]);
    folders.require();
    if (existsSync(hidden)) {
      this.#seen = folders;
      return;
    }
    throw new RLMError(
      "store_failed",
      `The workspace ${root} was removed, renamed or replaced while it was open. Put it back, then resume the run.`,
      { details: { path: root, code: "ENOENT" } },
    );
  }
}

/**
 * The folders that lead to some files, as they were when writing there began.
 *
 * Owns: whether each of them is still the same folder. Does not own: the files, and whether they exist.
 * 1. None of the folders is a symbolic link, neither when the chain is made nor at a write.
 * 2. A missing folder is not reported here: nothing can be written there, and opening the file fails.
 * 3. A folder that another real folder has replaced is recognised by its number, but only where the file system knows
 *    when a folder was made: other file systems may give a folder a new number while it is not in use.
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

  /** Throws `store_failed` if one of them is another one now. Costs one `lstat` each. */
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

/** Throws `store_failed` for the outermost of these that is a symbolic link: no run is opened through one. */
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
