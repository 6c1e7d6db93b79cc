import { existsSync } from "node:fs";
import { RLMError } from "@rlmflow/core";
import { type Durability, makeDirectory } from "../disk/durable-files.ts";
import { orFileFailure } from "../disk/file-failure.ts";
import { FolderChain } from "./folder-chain.ts";
import type { Layout } from "./layout.ts";

/**
 * The directory of a workspace, which is made once.
 *
 * Owns: whether the folders that hold runs exist and are still the same as when they were first seen.
 * Does not own: the files in them.
 * 1. Folders that were seen once are not made again: a workspace that was removed or renamed stops its runs, and no part
 *    of another one appears in its place.
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
    await this.make();
    const known = this.#folders.get(folder);
    known?.require();
    if (known !== undefined && existsSync(folder)) return;
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
