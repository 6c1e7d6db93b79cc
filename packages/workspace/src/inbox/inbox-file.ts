import { randomUUID } from "node:crypto";
import { constants, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { RLMError } from "@rlmflow/core";
import type { Inbox, InboxEntry, InboxFate, InboxRequest } from "@rlmflow/core/store";
import { type Durability, openOwnFile, retried } from "../disk/durable-files.ts";
import { fileFailure, orFileFailure, systemCode } from "../disk/file-failure.ts";
import { readLines } from "../log/line-reader.ts";
import {
  decodeInboxLine,
  decodeRequest,
  encodePut,
  encodeSettled,
  isNewer,
  newerLine,
  type PutLine,
} from "./inbox-line.ts";

/*
 * Owns: the entries that were read from one inbox.
 * Does not own: the file, to which any number of processes append; the right to settle an entry, which belongs to the
 * holder of the branch's lock.
 *
 * 1. A line is one write at the end of the file (O_APPEND), so writers need no lock. It begins with a newline, so that
 *    a line which a dying writer left half-written damages no other line.
 * 2. Every line counts, whole or not, so the number of an entry never changes.
 * 3. If an entry has several fates, the first one holds.
 * 4. A request of a newer version is refused with the reason. A line of a newer format that names no entry ends reading.
 */

/** How an inbox is opened. */
export interface InboxFileOptions {
  readonly file: string;
  readonly durability: Durability;
  /** Throws when the inbox must not be used any more. */
  readonly assertOpen: () => void;
}

interface Known {
  readonly entry: InboxEntry | null;
  readonly problem: string;
  fate: InboxFate | null;
}

const POLL_MS = 100;
const NEWLINE = Buffer.from("\n");

/** The inbox of one branch. */
export class InboxFile implements Inbox {
  readonly #options: InboxFileOptions;
  readonly #known = new Map<string, Known>();
  #untaken: string[] = [];
  /** Whoever only puts and asks for fates is not woken by entries that nobody has taken. */
  #isTaker = false;
  #end = 0;
  #size = 0;
  #lines = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: InboxFileOptions) {
    this.#options = options;
  }

  async put(request: InboxRequest): Promise<InboxEntry> {
    this.#options.assertOpen();
    const id = randomUUID();
    decodeRequest(structuredClone(request));
    await this.#append(encodePut({ id, at: Date.now(), request }), true);
    await this.#advance();
    const entry = this.#known.get(id)?.entry;
    if (entry != null) return entry;
    const { file } = this.#options;
    throw new RLMError(
      "store_failed",
      `What was appended to ${file} can't be read back. Look at the disk, then try again.`,
    );
  }

  async fateOf(id: string): Promise<InboxFate | null> {
    this.#options.assertOpen();
    await this.#advance();
    return this.#known.get(id)?.fate ?? null;
  }

  /** Entries that were not settled yet, in order; takes nothing. */
  async pending(): Promise<readonly InboxEntry[]> {
    this.#options.assertOpen();
    await this.#advance();
    return [...this.#known.values()].flatMap(({ entry, fate }) =>
      entry !== null && fate === null ? [entry] : [],
    );
  }

  /** True when of the controls that were put from `since` on and done, the last of pause and unpause is a pause. */
  async isPaused(since: number): Promise<boolean> {
    this.#options.assertOpen();
    await this.#advance();
    const last = [...this.#known.values()].findLast(
      ({ entry, fate }) =>
        fate?.state === "applied" &&
        entry !== null &&
        entry.at >= since &&
        (entry.request.kind === "pause" || entry.request.kind === "unpause"),
    );
    return last?.entry?.request.kind === "pause";
  }

  async take(): Promise<readonly InboxEntry[]> {
    this.#options.assertOpen();
    await this.#advance();
    this.#isTaker = true;
    const entries: InboxEntry[] = [];
    for (const id of this.#untaken.splice(0)) {
      const known = this.#known.get(id);
      if (known === undefined || known.fate !== null) continue;
      if (known.entry === null) await this.settle(id, { state: "refused", reason: known.problem });
      else entries.push(known.entry);
    }
    return entries;
  }

  async settle(id: string, fate: InboxFate): Promise<void> {
    this.#options.assertOpen();
    await this.#append(encodeSettled({ id, fate }), this.#options.durability === "fsync");
  }

  async changed(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !(this.#isTaker && this.#untaken.length > 0)) {
      if (this.#sizeNow() !== this.#size) return;
      // An abort ends the loop.
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  }

  #sizeNow(): number {
    const { file } = this.#options;
    try {
      return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    } catch (error) {
      throw fileFailure("look at", file, error);
    }
  }

  async #append(line: Buffer, sync: boolean): Promise<void> {
    const { file } = this.#options;
    await orFileFailure("append to", file, async () => {
      const handle = await openOwnFile(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
      try {
        const bytes = Buffer.concat([NEWLINE, line]);
        const { bytesWritten } = await retried(() => handle.write(bytes, 0, bytes.length));
        if (bytesWritten < bytes.length)
          throw fileFailure(
            "append to",
            file,
            Object.assign(new RangeError("no space left"), { code: "ENOSPC" }),
          );
        if (sync) await retried(() => handle.datasync());
      } finally {
        await handle.close();
      }
    });
  }

  /** Reads what has been appended since. */
  async #advance(): Promise<void> {
    // What failed before was told to whoever asked then.
    const reading = this.#reading.catch(() => {}).then(() => this.#readOn());
    this.#reading = reading;
    await reading;
  }

  async #readOn(): Promise<void> {
    const { file } = this.#options;
    await orFileFailure("read", file, async () => {
      const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
      const handle = isThere ? await openIfThere(file) : null;
      if (handle === null) {
        // Not there, or not any more: until it changes there is nothing to come back for.
        this.#size = 0;
        return;
      }
      try {
        const { size } = await handle.stat();
        for await (const lines of readLines(handle.fd, this.#end, size)) {
          for (const { bytes, offset } of lines) {
            if (bytes.length > 0) this.#learn(bytes);
            this.#end = offset + bytes.length + 1;
          }
        }
        this.#size = size;
      } finally {
        await handle.close();
      }
    });
  }

  #learn(bytes: Buffer): void {
    const line = decodeInboxLine(bytes, this.#options.file);
    this.#lines += 1;
    if (line?.kind === "settled") {
      const known = this.#known.get(line.id);
      if (known !== undefined) known.fate ??= line.fate;
    }
    if (line?.kind !== "put" || this.#known.has(line.id)) return;
    this.#known.set(line.id, { ...this.#read(line), fate: null });
    this.#untaken.push(line.id);
  }

  #read(put: PutLine): Omit<Known, "fate"> {
    const { id, at, format } = put;
    try {
      if (isNewer(format)) throw newerLine(format);
      return { entry: { id, at, number: this.#lines, request: decodeRequest(put.request) }, problem: "" };
    } catch (error) {
      return { entry: null, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

async function openIfThere(file: string): Promise<FileHandle | null> {
  return await openOwnFile(file, constants.O_RDONLY).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  });
}
