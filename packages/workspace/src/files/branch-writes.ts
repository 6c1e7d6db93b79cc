import { constants } from "node:fs";
import { dirname } from "node:path";
import { RLMError } from "@rlmflow/core";
import { type Durability, openOwnFile } from "../disk/durable-files.ts";
import { orFileFailure } from "../disk/file-failure.ts";
import type { WritesHead } from "../log/log-head.ts";
import { sumOf } from "../log/log-line.ts";
import { LogWriter } from "../log/log-writer.ts";
import type { BlobFiles } from "../payloads/blob-files.ts";
import { type FileState, isSameState, stateOf } from "./file-state.ts";
import { encodeWrite, readWriteLog, type WriteEntry } from "./write-log.ts";

/*
 * Owns: the log of the writes of one branch's tools.
 * Does not own: the files, the lock under which they are written, the blobs that hold what files were.
 *
 * 1. The log holds the old content of a file before the file changes. So a repeated call finds out whether its write
 *    took effect, and a fork can restore the file.
 * 2. Entries are in the order of the writes: both are made under one lock.
 * 3. `close` waits for the writes under way; later writes are refused.
 * 4. The next entry of a file, or else the file itself, shows whether a write took effect.
 */

/** A file as it is now. */
export interface CurrentFile {
  readonly bytes: number | null;
  read(): Promise<Uint8Array>;
}

/** A call that is about to write. */
export interface WritingCall {
  readonly effectKey: string;
  readonly path: string;
  readonly current: CurrentFile;
}

/** What a log of writes is made of. */
export interface BranchWritesOptions {
  readonly file: string;
  /** Where the branch keeps how far its logs went. */
  readonly headFile: string;
  readonly blobs: BlobFiles;
  readonly durability: Durability;
  /** Files above so many bytes are not kept. */
  readonly maxFileBytes: number;
  /** Throws when another process has the branch. */
  readonly requireHeld: () => void;
}

interface Open {
  readonly writer: LogWriter;
  readonly byPath: Map<string, WriteEntry[]>;
  /** The checksum of the line that was handed to the writer last. */
  sum: string;
  /** Where the log ends with that line; `null` before its first. */
  head: WritesHead | null;
}

/** The record of what the tools of a branch have written, open for further writes. */
export class BranchWrites {
  readonly #options: BranchWritesOptions;
  #opened: Promise<Open> | null = null;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: BranchWritesOptions) {
    this.#options = options;
  }

  /**
   * True when this call was made before and its write took effect. A file that is neither what it was nor what
   * the call made of it has been changed since by somebody else: that is left alone.
   */
  async isDone({ effectKey, path, current }: WritingCall): Promise<boolean> {
    const entries = (await this.#open()).byPath.get(path) ?? [];
    const at = entries.findLastIndex(({ key }) => key === effectKey);
    const entry = entries[at];
    if (entry === undefined) return false;
    const following = entries[at + 1];
    const became = following === undefined ? await this.#state(current) : following.before;
    return isSameState(became, entry.after) || !isSameState(became, entry.before);
  }

  /** Resolves when the log was read and can be appended to. */
  async opened(): Promise<void> {
    await this.#open();
  }

  /** Notes what the file is and what the call makes of it. */
  async note({ effectKey, path, current, next }: WritingCall & { readonly next: Uint8Array }): Promise<void> {
    const open = await this.#open();
    const before = await this.#state(current, true);
    const entry: WriteEntry = { key: effectKey, path, before, after: stateOf(next) };
    const line = encodeWrite(entry, open.sum);
    open.sum = sumOf(line.subarray(0, -1));
    const { bytes, lines } = open.head ?? { bytes: 0, lines: 0 };
    open.head = { bytes: bytes + line.length, lines: lines + 1, sum: open.sum, path };
    await open.writer.append(line);
    entriesOf(open.byPath, path).push(entry);
  }

  /** Makes a write, from reading the old file to having the new one in place. Rejects with `closed` after {@link close}. */
  async during<T>(write: () => Promise<T>): Promise<T> {
    this.requireOpen();
    const made = write();
    // Who made it hears of its failure; closing only waits for its end.
    const ended = made.catch(() => undefined);
    this.#underWay.add(ended);
    void ended.then(() => this.#underWay.delete(ended));
    return await made;
  }

  /** Throws when this process may not write any more. */
  requireOpen(): void {
    const { file } = this.#options;
    if (this.#closed)
      throw new RLMError(
        "closed",
        `The branch in ${dirname(file)} is closed, so nothing is written in its files any more.`,
      );
    this.requireHeld();
  }

  /** Throws when another process has taken the branch. */
  requireHeld(): void {
    this.#options.requireHeld();
  }

  /** Waits for the writes under way and closes the log. Gives where it ends; `null` where that is not known. */
  async close(): Promise<WritesHead | null> {
    this.#closed = true;
    await Promise.all(this.#underWay);
    // A log that could not be opened was told to the call that needed it.
    const open = await this.#opened?.catch(() => null);
    await open?.writer.close();
    return open?.writer.failure === null ? open.head : null;
  }

  async #state({ bytes, read }: CurrentFile, keep = false): Promise<FileState> {
    const { maxFileBytes, blobs } = this.#options;
    if (bytes === null) return null;
    if (bytes > maxFileBytes) return { digest: null, bytes };
    const content = await read();
    return keep ? await blobs.putBytes(content) : stateOf(content);
  }

  #open(): Promise<Open> {
    this.#opened ??= this.#openFile().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #openFile(): Promise<Open> {
    const { file, headFile, durability } = this.#options;
    const { entries, end, sum, head } = await readWriteLog(file, headFile);
    const handle = await orFileFailure("open", file, async () => {
      const opened = await openOwnFile(file, constants.O_RDWR | constants.O_CREAT);
      try {
        // A torn entry was never acknowledged, so its write was not made.
        await opened.truncate(end);
        return opened;
      } catch (error) {
        await opened.close();
        throw error;
      }
    });
    const byPath = new Map<string, WriteEntry[]>();
    for (const entry of entries) entriesOf(byPath, entry.path).push(entry);
    return {
      writer: new LogWriter({ handle, file, end, durability, requireHeld: this.#options.requireHeld }),
      byPath,
      sum,
      head,
    };
  }
}

function entriesOf(byPath: Map<string, WriteEntry[]>, path: string): WriteEntry[] {
  const entries = byPath.get(path) ?? [];
  byPath.set(path, entries);
  return entries;
}
