import { isAscii } from "node:buffer";
import { createHash } from "node:crypto";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type PayloadStore, RLMError } from "@rlmflow/core";
import { type ContextIndex, ContextScan } from "./context-index.ts";
import { ContextReader } from "./context-reader.ts";
import {
  type Durability,
  makeDirectory,
  moveIntoPlace,
  writeFully,
  writeTemporary,
} from "./durable-files.ts";
import { damagedFile, orFileFailure, systemCode } from "./file-failure.ts";
import { readUtf8 } from "./utf8-chunks.ts";
import { wellFormedChunks } from "./well-formed-chunks.ts";

/*
 * Owns: the folder of contexts, UTF-8 files named by their SHA-256, and the indices of those in use.
 * Does not own: decoded text (context-reader.ts).
 *
 * 1. A file has its name only when it is whole. It is never held in memory whole.
 * 2. An index belongs to a content that had the digest when it was scanned: a file that no longer fits its
 *    name is refused when it is opened.
 */

type OpenContext = Awaited<ReturnType<PayloadStore["openContext"]>>;

const DIGEST = /^[0-9a-f]{64}$/;
const KEPT_INDICES = 1024;

/** The contexts of every run of a workspace. */
export class ContextFiles {
  readonly #directory: string;
  readonly #durability: Durability;
  readonly #indices = new Map<string, Promise<ContextIndex>>();
  readonly #reader = new ContextReader();

  constructor(directory: string, durability: Durability) {
    this.#directory = directory;
    this.#durability = durability;
  }

  /** Keeps a text, half surrogate pairs replaced. What the pieces throw passes as it is. */
  async put(text: string | AsyncIterable<string>): Promise<{ digest: string; characters: number }> {
    await orFileFailure("make", this.#directory, () => makeDirectory(this.#directory, this.#durability));
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
    this.#keep(index.digest, Promise.resolve(index));
    return { digest: index.digest, characters: index.characters };
  }

  /** A context to read ranges from. Rejects with `not_found`, or `damaged_log` when the file no longer fits its name. */
  async open(digest: string): Promise<OpenContext> {
    const path = join(this.#directory, DIGEST.test(digest) ? digest : "-");
    const known = this.#indices.get(digest) ?? scanFile(path, digest);
    this.#keep(digest, known);
    const index = await known.catch((error: unknown) => {
      this.#indices.delete(digest);
      throw error;
    });
    return {
      digest,
      characters: index.characters,
      read: (start, end) => this.#reader.read(path, index, start, end),
    };
  }

  #keep(digest: string, index: Promise<ContextIndex>): void {
    this.#indices.delete(digest);
    this.#indices.set(digest, index);
    const [oldest] = this.#indices.keys();
    if (this.#indices.size > KEPT_INDICES && oldest !== undefined) this.#indices.delete(oldest);
  }

  async #place(temporary: string, index: ContextIndex): Promise<void> {
    const path = join(this.#directory, index.digest);
    await orFileFailure("write", path, async () => {
      const found = await stat(path).catch(() => null);
      if (found?.size === index.bytes && this.#durability === "flush") return rm(temporary, { force: true });
      return moveIntoPlace(temporary, path, this.#durability);
    });
  }
}

async function scanFile(path: string, digest: string): Promise<ContextIndex> {
  return orFileFailure("read", path, async () => {
    const handle = await openContext(path, digest);
    try {
      return await scan(handle, path, digest);
    } finally {
      await handle.close();
    }
  });
}

async function openContext(path: string, digest: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
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
