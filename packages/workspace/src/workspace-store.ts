import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { RLMError, type RunNode } from "@rlmflow/core";
import { counted, sentence } from "@rlmflow/core/driver";
import {
  brokenInvariant,
  checkAppend,
  closablePayloads,
  type Inbox,
  type PayloadStore,
  type RunInfo,
  type Store,
} from "@rlmflow/core/store";

import { type LockedBranch, type OpenedLog, openMigrated } from "./branch/migrate-branch.ts";
import { openOwnFile } from "./disk/durable-files.ts";
import { orFileFailure } from "./disk/file-failure.ts";
import { InboxFile } from "./inbox/inbox-file.ts";
import type { BranchPaths } from "./layout/layout.ts";
import { isSameHead, type LogHead, type WritesHead, writeHead } from "./log/log-head.ts";
import { encodeLine, type LogLine, sumOf } from "./log/log-line.ts";
import { LogReader } from "./log/log-reader.ts";
import { LogWriter } from "./log/log-writer.ts";

/*
 * Owns: one branch that is open for writing, from taking its lock to giving it back.
 * Does not own: payloads, which all runs of the workspace share.
 *
 * 1. `#nextN` of an agent moves in the same step in which its line is passed to the writer, so the first call is checked
 *    first and written first.
 * 2. `read` stops at the writer's `end`: it shows nothing that a failed write takes back (log-writer.ts, invariant 5).
 * 3. `#head` is the end of the last line that was passed to the writer. Once the writer is closed without a failure, this
 *    is the writer's `end`.
 * 4. A torn end is cut off once, at opening, under the lock.
 */

/** What was done to a branch when it was opened. */
export interface Recovery {
  /** Bytes of a line that a dying process had begun, dropped. Nothing that was ever acknowledged is among them. */
  readonly droppedBytes: number;
}

/** What a store is made of. */
export interface WorkspaceStoreOptions extends LockedBranch {
  readonly payloads: PayloadStore;
  /** Closes the log of the tools' writes and gives where it ends; `null` where that is not known. */
  readonly closeWrites: () => Promise<WritesHead | null>;
  /** Called once, when the branch is closed. */
  readonly onClose: (store: WorkspaceStore) => void;
}

function lineOf(line: LogLine, prev: string): Buffer {
  try {
    return encodeLine(line, prev);
  } catch (cause) {
    const what = `${counted(line.nodes.length, "node")} of agent ${line.agentId} from n ${line.n}`;
    throw new RLMError(
      "store_failed",
      sentence(`${what}: too large for one line of a log: ${String(cause)}`),
      {
        cause,
      },
    );
  }
}

async function openForWriting(file: string, { end, tornBytes }: LogReader): Promise<FileHandle> {
  const handle = await openOwnFile(file, constants.O_RDWR);
  try {
    if (tornBytes > 0) await handle.truncate(end);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** One branch of a run on disk, open for writing. */
export class WorkspaceStore implements Store {
  readonly protocol = 1;
  readonly run: RunInfo;
  readonly payloads: PayloadStore;
  /** What was found torn when the branch was opened. */
  readonly repaired: Recovery;
  readonly inbox: Inbox;
  readonly #options: WorkspaceStoreOptions;
  readonly #paths: BranchPaths;
  readonly #writer: LogWriter;
  readonly #nextN: Map<string, number>;
  #head: LogHead;
  #keptHead: LogHead | null;
  /** What opening has read, kept for the first `read`. */
  #opened: { readonly nodes: readonly RunNode[]; readonly end: number } | null;
  #closing: Promise<void> | null = null;

  private constructor(
    options: WorkspaceStoreOptions,
    { reader, nodes, tornBytes }: OpenedLog,
    writer: LogWriter,
  ) {
    const { run, paths } = options;
    this.#options = options;
    this.run = run;
    this.#paths = paths;
    this.payloads = closablePayloads(options.payloads, () => this.#assertOpen());
    this.repaired = { droppedBytes: tornBytes };
    this.inbox = new InboxFile({
      file: this.#paths.inbox,
      durability: options.durability,
      assertOpen: () => {
        this.#assertOpen();
        options.lock.requireHeld();
      },
    });
    this.#writer = writer;
    this.#nextN = new Map(reader.nextN);
    this.#head = reader.head;
    this.#keptHead = reader.keptHead;
    this.#opened = { nodes, end: reader.end };
  }

  /** Reads the log, cuts off a torn end and stands ready to append. Gives the lock back when that fails. */
  static async open(options: WorkspaceStoreOptions): Promise<WorkspaceStore> {
    const { paths, durability, lock } = options;
    try {
      const opened = await openMigrated(options);
      const { reader } = opened;
      const file = paths.log;
      const handle = await orFileFailure("open", file, () => openForWriting(file, reader));
      const writer = new LogWriter({
        handle,
        file,
        end: reader.end,
        durability,
        requireHeld: () => lock.requireHeld(),
      });
      return new WorkspaceStore(options, opened, writer);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  async append(agentId: string, expectedN: number, nodes: readonly RunNode[]): Promise<void> {
    this.#assertOpen();
    if (this.#writer.failure !== null) throw this.#writer.failure;
    const nextN = this.#nextN.get(agentId) ?? 0;
    const checked = checkAppend({ agentId, expectedN, nodes, nextN });
    if (checked.length === 0) return;
    const { bytes, lines, sum } = this.#head;
    const line = lineOf({ agentId, n: expectedN, nodes: checked }, sum);
    this.#nextN.set(agentId, expectedN + checked.length);
    this.#head = {
      bytes: bytes + line.length,
      lines: lines + 1,
      sum: sumOf(line.subarray(0, -1)),
      node: checked.at(-1)?.id ?? "",
    };
    await this.#writer.append(line);
  }

  async read(): Promise<readonly RunNode[]> {
    this.#assertOpen();
    const opened = this.#opened;
    this.#opened = null;
    const end = this.#writer.end;
    return opened !== null && opened.end === end ? opened.nodes : new LogReader(this.#paths.log).advance(end);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.close();
    } finally {
      await this.#closeWrites();
    }
  }

  async #closeWrites(): Promise<void> {
    try {
      await this.#keepHead(await this.#options.closeWrites());
    } finally {
      await this.#options.lock.release();
      this.#options.onClose(this);
    }
  }

  async #keepHead(written: WritesHead | null): Promise<void> {
    const writes = written ?? this.#keptHead?.writes;
    const head = { ...this.#head, ...(writes && { writes }) };
    if (this.#writer.failure !== null || head.lines === 0 || isSameHead(head, this.#keptHead)) return;
    if (head.bytes !== this.#writer.end)
      throw brokenInvariant("the head of a log is where its writer has stopped");
    try {
      this.#options.lock.requireHeld();
      await writeHead(this.#paths.head, head, this.#options.durability);
      this.#keptHead = head;
    } catch {
      // The older head remains valid. It stays when the disk is full or another process has taken the branch.
    }
  }

  #assertOpen(): void {
    if (this.#closing === null) return;
    throw new RLMError("closed", `The store of run ${this.run.runId} is closed; open the run again.`);
  }
}
