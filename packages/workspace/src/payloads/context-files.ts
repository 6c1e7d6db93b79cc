import { isAscii } from "node:buffer";
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat } from "node:fs/promises";
import { join } from "node:path";
import { RLMError } from "@rlmflow/core";
import type { PayloadStore } from "@rlmflow/core/store";
import {
  type Durability,
  moveIntoPlace,
  openOwnFile,
  writeFully,
  writeTemporary,
} from "../disk/durable-files.ts";
import { damagedFile, orFileFailure, systemCode } from "../disk/file-failure.ts";
import type { WorkspaceRoot } from "../layout/workspace-root.ts";
import { type ContextIndex, ContextScan } from "./context-index.ts";
import { ContextReader, fileStamp } from "./context-reader.ts";
import { readUtf8 } from "./utf8-chunks.ts";
import { wellFormedChunks } from "./well-formed-chunks.ts";

/*
 * Owns: the folder of contexts, UTF-8 files named by their SHA-256, and the indices of those in use.
 * Does not own: decoded text (context-reader.ts).
 *
 * 1. A file gets its name when it is whole. It is never held in memory whole.
 * 2. The content of an index had the file's digest when it was scanned: a file that does not fit its name is refused when
 *    it is opened. A file that was replaced or changed since then is scanned again.
 * 3. Before a piece of an open file is given, a file that was replaced or changed is checked again.
 */

type OpenContext = Awaited<ReturnType<PayloadStore["openContext"]>>;

const DIGEST = /^[0-9a-f]{64}$/;
const KEPT_INDICES = 1024;

/** What was found in a file, and how the file looked then. */
interface Known {
  readonly index: ContextIndex;
  readonly stamp: string;
}

/** The contexts of every run of a workspace. */
export class ContextFiles {
  readonly #directory: string;
  readonly #durability: Durability;
  readonly #root: WorkspaceRoot;
  readonly #indices = new Map<string, Promise<Known>>();
  readonly #reader = new ContextReader();

  constructor(directory: string, durability: Durability, root: WorkspaceRoot) {
    this.#directory = directory;
    this.#root = root;
    this.#durability = durability;
  }

  /** Keeps a text, half surrogate pairs replaced. What the pieces throw passes as it is. */
  async put(text: string | AsyncIterable<string>): Promise<{ digest: string; characters: number }> {
    await this.#root.makeFolder(this.#directory);
    const hash = createHash("sha256");
    const scan = new ContextScan();
    const temporary = await writeTemporary(this.#directory, this.#durability, async (handle) => {
      for await (const bytes of wellFormedChunks(text)) {
        await orFileFailure("write a context in", this.#directory, () =>
          writeFully(handle, bytes, scan.bytes),
        );
        hash.update(bytes);
        scan.add(bytes, isAscii(bytes));
      }
    });
    const index = scan.finish(hash.digest("hex"));
    await this.#place(temporary, index);
    // It was hashed on its way to the disk; what becomes of the file now is compared with how it looks.
    const stamp = await stampOf(join(this.#directory, index.digest));
    this.#keep(index.digest, Promise.resolve({ index, stamp }));
    this.#reader.trust(index.digest, stamp);
    return { digest: index.digest, characters: index.characters };
  }

  /** A context to read ranges from. Rejects with `not_found`, or `damaged_log` when the file no longer fits its name. */
  async open(digest: string): Promise<OpenContext> {
    const path = join(this.#directory, DIGEST.test(digest) ? digest : "-");
    const { index, stamp } = await this.#knownOf(path, digest);
    this.#reader.trust(digest, stamp);
    return {
      digest,
      characters: index.characters,
      read: (start, end) => this.#reader.read(path, index, start, end),
    };
  }

  /** The index of the file as it is now. Those who come while it is scanned share the scan. */
  async #knownOf(path: string, digest: string): Promise<Known> {
    for (;;) {
      const kept = this.#indices.get(digest);
      const known = kept ?? scanFile(path, digest);
      this.#keep(digest, known);
      try {
        const found = await known;
        if (kept === undefined || found.stamp === (await stampOf(path))) return found;
      } catch (error) {
        this.#forget(digest, known);
        throw error;
      }
      this.#forget(digest, known);
    }
  }

  #forget(digest: string, known: Promise<Known>): void {
    if (this.#indices.get(digest) === known) this.#indices.delete(digest);
  }

  #keep(digest: string, known: Promise<Known>): void {
    this.#indices.delete(digest);
    this.#indices.set(digest, known);
    const [oldest] = this.#indices.keys();
    if (this.#indices.size > KEPT_INDICES && oldest !== undefined) this.#indices.delete(oldest);
  }

  async #place(temporary: string, index: ContextIndex): Promise<void> {
    const path = join(this.#directory, index.digest);
    await orFileFailure("write", path, async () => {
      this.#root.requireFolder(this.#directory);
      // Replaces an existing file, which may have been damaged.
      await moveIntoPlace(temporary, path, this.#durability);
    });
  }
}

/** How the file at a path looks from outside. */
async function stampOf(path: string): Promise<string> {
  return orFileFailure("look at", path, async () => {
    try {
      return fileStamp(await lstat(path, { bigint: true }));
    } catch (error) {
      if (systemCode(error) === "ENOENT") return GONE;
      throw error;
    }
  });
}

/** The stamp of no file. */
const GONE = "";

async function scanFile(path: string, digest: string): Promise<Known> {
  return orFileFailure("read", path, async () => {
    const handle = await openContext(path, digest);
    try {
      const stamp = fileStamp(await handle.stat({ bigint: true }));
      return { index: await scan(handle, path, digest), stamp };
    } finally {
      await handle.close();
    }
  });
}

async function openContext(path: string, digest: string): Promise<FileHandle> {
  try {
    return await openOwnFile(path, constants.O_RDONLY);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new RLMError("not_found", `There is no context ${JSON.stringify(digest)} at ${path}.`);
  }
}

async function scan(handle: FileHandle, path: string, digest: string): Promise<ContextIndex> {
  const hash = createHash("sha256");
  const found = new ContextScan();
  for await (const chunk of readUtf8(handle)) {
    if (!chunk.valid) throw damagedFile(path, `byte ${chunk.at} is no UTF-8`);
    hash.update(chunk.bytes);
    found.add(chunk.bytes, isAscii(chunk.bytes));
  }
  if (hash.digest("hex") !== digest)
    throw damagedFile(path, "its content no longer has the digest that is its name");
  return found.finish(digest);
}
