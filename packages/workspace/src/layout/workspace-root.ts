import { existsSync, lstatSync } from "node:fs";
import { RLMError } from "@rlmflow/core";
import { type Durability, makeDirectory } from "../disk/durable-files.ts";
import { orFileFailure } from "../disk/file-failure.ts";
import type { Layout } from "./layout.ts";

/**
 * The directory of a workspace, which is made once.
 *
 * Owns: whether the folders that hold runs exist and are still the same as when they were first seen.
 * Does not own: the files in them.
 * 1. Folders that were seen once are not made again: a workspace that was removed or renamed stops its runs, and no part
 *    of another one appears in its place.
 * 2. None of them is a symbolic link, so all writes stay in the workspace.
 */
export class WorkspaceRoot {
  readonly #layout: Layout;
  readonly #durability: Durability;
  #seen: string | null = null;
  readonly #folders = new Set<string>();

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

  /** Makes one of the folders in it. */
  async makeFolder(folder: string): Promise<void> {
    await this.make();
    if (this.#folders.has(folder) && !existsSync(folder))
      throw new RLMError(
        "store_failed",
        `${folder} was removed or renamed while the workspace was open, and what it held is needed. Nothing is made in its place: put it back.`,
        { details: { path: folder, code: "ENOENT" } },
      );
    await orFileFailure("make", folder, () => makeDirectory(folder, this.#durability));
    requireDirectory(folder);
    this.#folders.add(folder);
  }

  /** Throws `store_failed` if the workspace is gone or was replaced. */
  require(): void {
    const { root, hidden } = this.#layout;
    const found = lstatSync(hidden, { throwIfNoEntry: false });
    const stamp = found === undefined ? null : `${found.dev} ${found.ino}`;
    if (found !== undefined) requireDirectory(hidden);
    if (stamp !== null && (this.#seen ?? stamp) === stamp) {
      this.#seen = stamp;
      return;
    }
    throw new RLMError(
      "store_failed",
      `The workspace ${root} was removed, renamed or replaced while it was open. Put it back, then resume the run.`,
      { details: { path: root, code: "ENOENT" } },
    );
  }
}

/** Throws `store_failed` if a symbolic link or a file has replaced a folder: writes could end up elsewhere. */
export function requireDirectory(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory()) return;
  const what = found.isSymbolicLink() ? "a symbolic link" : "not a directory";
  throw new RLMError(
    "store_failed",
    `${path} is ${what}: nothing is written through it. Put the directory itself there.`,
    { details: { path } },
  );
}
