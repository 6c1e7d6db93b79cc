import type { DirectoryHandle } from "./directory-handle.ts";
import { overLimit } from "./file-failure.ts";
import { walkFiles } from "./walk-files.ts";

/** Writes after which the files are measured again, since others may write too. */
const TRUSTED_WRITES = 1_000;

/**
 * Owns the estimate of how large all files together are: measured at the first write, kept up to date by the
 * tools' own writes, measured again before a write is refused. Called under the directory's lock only.
 */
export class TotalSize {
  readonly #limit: number;
  #measured: string | null = null;
  #bytes = 0;
  #writes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `limit_reached` when that many bytes more would be too many. */
  async allow(root: DirectoryHandle, path: string, growth: number): Promise<void> {
    if (growth <= 0) return;
    const stale = this.#measured !== root.realPath || this.#writes >= TRUSTED_WRITES;
    if (stale || this.#bytes + growth > this.#limit) await this.#measure(root);
    if (this.#bytes + growth <= this.#limit) return;
    const advice = `${this.#bytes} of at most ${this.#limit} are used. Make other files smaller.`;
    throw overLimit(
      path,
      `would make all files together too large by ${this.#bytes + growth - this.#limit} bytes`,
      advice,
    );
  }

  /** Notes that a write went through. */
  add(growth: number): void {
    this.#bytes += growth;
    this.#writes += 1;
  }

  async #measure(root: DirectoryHandle): Promise<void> {
    this.#bytes = 0;
    for await (const { directory, name } of walkFiles(root)) {
      this.#bytes += (await directory.stat(name))?.size ?? 0;
    }
    this.#measured = root.realPath;
    this.#writes = 0;
  }
}
