import type { DirectoryHandle } from "./directory-handle.ts";
import { overLimit } from "./file-failure.ts";
import { walkFiles } from "./walk-files.ts";

/** Writes after which the files are measured again, since others may write too. */
const TRUSTED_WRITES = 1_000;

/** An amount of files: all there are, or what a write adds. */
export interface Amount {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Owns the estimate of how many files there are and how large they are together: measured at the first write,
 * when what dead processes were writing is removed, kept up to date by the tools' own writes, measured again before a write is refused. Called under the directory's lock.
 */
export class TotalSize {
  readonly #limit: Amount;
  #measured: string | null = null;
  #used: Amount = { bytes: 0, files: 0 };
  #writes = 0;

  constructor(limit: Amount) {
    this.#limit = limit;
  }

  /** Throws `limit_reached` when that much more would be too much. */
  async allow(root: DirectoryHandle, path: string, growth: Amount): Promise<void> {
    if (growth.bytes <= 0 && growth.files === 0) return;
    const stale = this.#measured !== root.realPath || this.#writes >= TRUSTED_WRITES;
    if (stale || this.#excess(growth) !== null) await this.#measure(root);
    const excess = this.#excess(growth);
    if (excess !== null)
      throw overLimit(
        path,
        `would be too much: ${excess}`,
        "Make other files smaller or write to one that is there.",
      );
  }

  /** Notes that a write went through. */
  add(growth: Amount): void {
    this.#used = { bytes: this.#used.bytes + growth.bytes, files: this.#used.files + growth.files };
    this.#writes += 1;
  }

  #excess(growth: Amount): string | null {
    const { bytes, files } = this.#used;
    if (bytes + growth.bytes > this.#limit.bytes && growth.bytes > 0) {
      return `${bytes} of at most ${this.#limit.bytes} bytes are used by all files together, and this adds ${growth.bytes}`;
    }
    return files + growth.files > this.#limit.files && growth.files > 0
      ? `there are ${files} files, and at most ${this.#limit.files} are allowed`
      : null;
  }

  async #measure(root: DirectoryHandle): Promise<void> {
    let bytes = 0;
    let files = 0;
    for await (const { directory, name, reason } of walkFiles(root, { entries: 0, tidy: true })) {
      if (reason !== null) continue;
      files += 1;
      bytes += (await directory.stat(name))?.size ?? 0;
    }
    this.#used = { bytes, files };
    this.#measured = root.realPath;
    this.#writes = 0;
  }
}
