import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { RLMError } from "@rlmflow/core";
import type { BlobRef } from "@rlmflow/core/store";
import {
  type Durability,
  moveIntoPlace,
  openOwnFile,
  readOwnFile,
  retried,
  syncDirectory,
  writeFully,
  writeTemporary,
} from "../disk/durable-files.ts";
import { damagedFile, orFileFailure, systemCode } from "../disk/file-failure.ts";
import { GroupSync } from "../disk/group-sync.ts";
import type { WorkspaceRoot } from "../layout/workspace-root.ts";

/*
 * Owns: the folder of blobs, files named by the SHA-256 of their content. No blob is ever deleted.
 * Does not own: the references to them.
 *
 * 1. A file gets its name when it is whole, and is as durable as was asked for when the promise resolves.
 * 2. A file whose content no longer matches its name is replaced when the same text is put again.
 * 3. If two callers put the same text at once, it is written once.
 */

const DIGEST = /^[0-9a-f]{64}$/;

/** The large values of every run of a workspace. */
export class BlobFiles {
  readonly #directory: string;
  readonly #durability: Durability;
  readonly #root: WorkspaceRoot;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #names: GroupSync;

  constructor(directory: string, durability: Durability, root: WorkspaceRoot) {
    this.#directory = directory;
    this.#root = root;
    this.#durability = durability;
    this.#names = new GroupSync(() => syncDirectory(directory));
  }

  /** Keeps the text. Rejects with `invalid_options` when UTF-8 cannot hold it. */
  async put(text: string): Promise<BlobRef> {
    if (!text.isWellFormed()) {
      throw new RLMError(
        "invalid_options",
        "A blob is JSON text, which has no half of a surrogate pair in it; write the value with JSON.stringify.",
      );
    }
    return this.putBytes(Buffer.from(text));
  }

  /** Keeps bytes as they are. */
  async putBytes(bytes: Uint8Array): Promise<BlobRef> {
    const digest = createHash("sha256").update(bytes).digest("hex");
    let writing = this.#underWay.get(digest);
    if (writing === undefined) {
      writing = this.#keep(digest, bytes).finally(() => this.#underWay.delete(digest));
      this.#underWay.set(digest, writing);
    }
    await writing;
    return { digest, bytes: bytes.length };
  }

  /** The text. Rejects with `not_found`, or `damaged_log` when the file no longer fits its name. */
  async get(digest: string): Promise<string> {
    return (await this.getBytes(digest)).toString("utf8");
  }

  /** The bytes; rejects as {@link get} does. */
  async getBytes(digest: string): Promise<Buffer> {
    const path = join(this.#directory, DIGEST.test(digest) ? digest : "-");
    const bytes = await orFileFailure("read", path, async () => {
      try {
        return await readOwnFile(path);
      } catch (error) {
        if (systemCode(error) !== "ENOENT") throw error;
        throw new RLMError("not_found", `There is no blob ${JSON.stringify(digest)} in ${this.#directory}.`);
      }
    });
    if (createHash("sha256").update(bytes).digest("hex") === digest) return bytes;
    throw damagedFile(path, "its content no longer has the digest that is its name");
  }

  async #keep(digest: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#directory, digest);
    await orFileFailure("write", path, async () => {
      await this.#root.makeFolder(this.#directory);
      if (await this.#isThere(path, bytes)) return;
      const temporary = await writeTemporary(this.#directory, this.#durability, (handle) =>
        writeFully(handle, bytes, 0),
      );
      this.#root.requireFolder(this.#directory);
      await moveIntoPlace(temporary, path, "flush");
      if (this.#durability === "fsync") await this.#names.run();
    });
  }

  /** Whether the file has these bytes. A damaged one, or anything that is not a regular file, will be replaced. */
  async #isThere(path: string, bytes: Uint8Array): Promise<boolean> {
    const found = await lstat(path).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    });
    if (found?.isFile() !== true || found.size !== bytes.length) return false;
    const handle = await openOwnFile(path, constants.O_RDONLY);
    try {
      if (!(await handle.readFile()).equals(bytes)) return false;
      if (this.#durability === "flush") return true;
      await retried(() => handle.sync());
    } finally {
      await handle.close();
    }
    await this.#names.run();
    return true;
  }
}
