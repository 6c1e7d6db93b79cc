import { fstatSync, lstatSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { RLMError } from "@rlmflow/core";
import { brokenInvariant } from "@rlmflow/core/store";
import {
  type Durability,
  IN_PLACE_BYTES,
  isPassing,
  retried,
  writeAtOnce,
  writeFully,
} from "../disk/durable-files.ts";
import { fileFailure } from "../disk/file-failure.ts";
import { readLines } from "./line-reader.ts";
import { hasGoodSum } from "./log-line.ts";

/*
 * Owns: the end of one log file and the order of what is appended to it.
 * Does not own: the lock that makes this its only writer; what lines mean.
 *
 * 1. Whole lines are written in the order in which `append` was called, its promises resolve in that order, and no append
 *    follows `close`.
 * 2. One write is under way at a time. Lines that are appended meanwhile go into the next write together, so that a
 *    thousand agents wait for two writes and not for a thousand.
 * 3. With durability "flush", a small write is synchronous: it only copies the bytes into the system's cache, which takes
 *    less time than passing them to another thread.
 * 4. `end` only grows, and is behind the last line whose append has resolved or is about to: readers stop there.
 * 5. After a failed write the file is cut back to `end` and nothing is written again.
 * 6. Each write finds the file that was opened at its path, with the length that the last write left: a write into a file
 *    that was removed or replaced would be lost. If the file's time of change differs, all its lines are read again first.
 */

/** Lines are copied together up to this many bytes for one write. */
const BATCH_BYTES = 4 << 20;
const LINE_FEED = 10;

interface Waiting {
  readonly line: Buffer;
  readonly kept: PromiseWithResolvers<void>;
}

/** Where a log is appended to. */
export interface LogWriterOptions {
  readonly handle: FileHandle;
  readonly file: string;
  /** Size of the file, behind its last good line. */
  readonly end: number;
  readonly durability: Durability;
  /** Called before each write; throws when this process may not write any more. Absent if no other process can write. */
  readonly requireHeld?: () => void;
}

/** Appends lines to a log, many in one write. */
export class LogWriter {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #durability: Durability;
  readonly #requireHeld: () => void;
  /** Device and inode of the file that was opened. */
  readonly #identity: string;
  /** When this process left the file; `null` once that time has changed and the lines had not: then it means nothing here. */
  #leftAt: bigint | null;
  #end: number;
  /** A write has begun that may have left something behind `end`. */
  #isTorn = false;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;
  #failure: RLMError | null = null;
  #isClosing = false;

  constructor({ handle, file, end, durability, requireHeld = () => {} }: LogWriterOptions) {
    this.#handle = handle;
    this.#file = file;
    this.#end = end;
    this.#durability = durability;
    this.#requireHeld = requireHeld;
    const opened = fstatSync(handle.fd, { bigint: true });
    this.#identity = identityOf(opened);
    this.#leftAt = opened.mtimeNs;
  }

  /** Bytes that are kept for good. */
  get end(): number {
    return this.#end;
  }

  /** What every append rejects with since a write has failed. */
  get failure(): RLMError | null {
    return this.#failure;
  }

  /** Resolves when the line is as durable as was asked for. */
  append(line: Buffer): Promise<void> {
    if (this.#isClosing) throw brokenInvariant("nothing is appended to a log that is closed");
    if (line.at(-1) !== LINE_FEED) throw brokenInvariant("a line of a log ends with a line feed");
    if (this.#failure !== null) return Promise.reject(this.#failure);
    const kept = Promise.withResolvers<void>();
    this.#waiting.push({ line, kept });
    this.#writing ??= this.#writeAll();
    return kept.promise;
  }

  /** Waits for what was appended, then closes the file. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#writing;
    await this.#handle.close();
  }

  async #writeAll(): Promise<void> {
    // What other agents append before the event loop comes round goes into the same write.
    if (this.#durability === "flush") await setImmediate();
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#write(batch);
      } catch (error) {
        await this.#fail([...batch, ...this.#waiting], error);
        break;
      }
      for (const { kept } of batch) kept.resolve();
    }
    this.#writing = null;
  }

  /** False if another process has taken the file over: the end of the file is then left to that process. */
  #isHeld(): boolean {
    try {
      this.#requireHeld();
      return true;
    } catch {
      return false;
    }
  }

  #takeBatch(): readonly Waiting[] {
    let bytes = 0;
    const over = this.#waiting.findIndex(({ line }, index) => {
      bytes += line.length;
      return index > 0 && bytes > BATCH_BYTES;
    });
    return this.#waiting.splice(0, over < 0 ? this.#waiting.length : over);
  }

  /** Rejects when what is at the file's path is not the file that was opened, as it was left. */
  async #requireInPlace(): Promise<void> {
    const file = this.#file;
    const found = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) throw changedFile(file, "was removed");
    if (identityOf(found) !== this.#identity) throw changedFile(file, "was replaced by another file");
    if (found.size !== BigInt(this.#end))
      throw changedFile(
        file,
        `has ${found.size} bytes and not the ${this.#end} that were written: it was changed`,
      );
    if (this.#leftAt === null || found.mtimeNs === this.#leftAt) return;
    await this.#requireGoodLines();
    // Something touches the file, or the file system sets its time late: reading it before each write would help nobody.
    this.#leftAt = null;
  }

  async #requireGoodLines(): Promise<void> {
    let end = 0;
    let line = 0;
    for await (const lines of readLines(this.#handle.fd, 0, this.#end))
      for (const { bytes } of lines) {
        line++;
        if (!hasGoodSum(bytes)) throw damagedMeanwhile(this.#file, line);
        end += bytes.length + 1;
      }
    if (end !== this.#end) throw damagedMeanwhile(this.#file, line + 1);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    this.#requireHeld();
    await this.#requireInPlace();
    this.#isTorn = true;
    const [first] = batch;
    const bytes = batch.length === 1 && first ? first.line : Buffer.concat(batch.map(({ line }) => line));
    if (!this.#isWrittenAtOnce(bytes)) await writeFully(this.#handle, bytes, this.#end);
    if (this.#durability === "fsync") await retried(() => this.#handle.datasync());
    this.#end += bytes.length;
    this.#isTorn = false;
    if (this.#leftAt !== null) this.#leftAt = fstatSync(this.#handle.fd, { bigint: true }).mtimeNs;
  }

  #isWrittenAtOnce(bytes: Uint8Array): boolean {
    if (this.#durability !== "flush" || bytes.length > IN_PLACE_BYTES) return false;
    try {
      writeAtOnce(this.#handle.fd, bytes, this.#end);
      return true;
    } catch (error) {
      if (isPassing(error)) return false;
      throw error;
    }
  }

  async #fail(refused: readonly Waiting[], cause: unknown): Promise<void> {
    const failure = RLMError.is(cause) ? cause : fileFailure("append to", this.#file, cause);
    this.#failure = failure;
    this.#waiting = [];
    // When cutting fails too, what is left is a torn end, or whole lines of appends whose fate nobody was told.
    if (this.#isTorn && this.#isHeld()) await this.#handle.truncate(this.#end).catch(() => undefined);
    for (const { kept } of refused) kept.reject(failure);
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev} ${ino}`;
}

function changedFile(
  file: string,
  what: string,
  advice = "Put the file back as it was, or keep what is there now; then resume the run.",
): RLMError {
  return new RLMError(
    "store_failed",
    `${file} ${what} while this process was writing it. Nothing more was written. ${advice}`,
    { details: { path: file } },
  );
}

function damagedMeanwhile(file: string, line: number): RLMError {
  const what = `has a damaged line ${line}: it was changed`;
  return changedFile(file, what, "Restore the file from a copy, then resume the run.");
}
