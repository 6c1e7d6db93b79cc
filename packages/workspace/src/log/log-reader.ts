import { type BigIntStats, closeSync, fstatSync, lstatSync } from "node:fs";
import { RLMError, type RunNode } from "@rlmflow/core";
import { counted, sentences } from "@rlmflow/core/driver";
import { openToRead } from "../disk/durable-files.ts";
import { damagedFile, orFileFailure, systemCode } from "../disk/file-failure.ts";
import { type FileLine, readLines } from "./line-reader.ts";
import { isSameHead, type LogHead, readHead } from "./log-head.ts";
import { decodeLine, hasGoodSum, NO_SUM, type ReadLine } from "./log-line.ts";

/*
 * Owns: the part of one log that was read, and the checks of each line against the lines before it.
 * Does not own: the file, which a writer may be extending meanwhile; the repair of a torn end.
 *
 * 1. `end` is behind the newline of the last line that was read and checked; the next read begins there.
 * 2. `nextN` counts the nodes of each agent up to `end`.
 * 3. All lines have the format of the first. From format 2 on each line names the checksum of the line before it.
 * 4. A log is at least as long as its head says, and the line that the head names ends there.
 * 5. If another file takes the name of the log (a migration), it is read from its beginning, but nodes that were returned
 *    before are not returned again.
 * 6. Only the bytes after the last newline, or a last line in which a whole disk sector was never written, count as torn.
 *    Any other misfit is damage and is refused.
 */

const SECTOR_BYTES = 512;

/** Reads a log from its beginning, and then what has been appended since. */
export class LogReader {
  readonly #file: string;
  readonly #headFile: string | null;
  readonly #nextN = new Map<string, number>();
  #inode: bigint | null = null;
  #stamp = "";
  #format: number | null = null;
  #end = 0;
  #lines = 0;
  #sum = NO_SUM;
  #lastNode = "";
  #torn = 0;
  #nodes = 0;
  #head: LogHead | null = null;

  /** Without `headFile`, the length of the log is not checked. */
  constructor(file: string, headFile: string | null = null) {
    this.#file = file;
    this.#headFile = headFile;
  }

  /** The format of the log's lines, or `null` when it has none. */
  get format(): number | null {
    return this.#format;
  }

  /** Where the lines that were read end. */
  get head(): LogHead {
    return { bytes: this.#end, lines: this.#lines, sum: this.#sum, node: this.#lastNode };
  }

  /** The head that was kept beside the log when it was last read. */
  get keptHead(): LogHead | null {
    return this.#head;
  }

  /** Bytes of the file that hold whole lines. */
  get end(): number {
    return this.#end;
  }

  /** Bytes behind them that hold the beginning of a line. */
  get tornBytes(): number {
    return this.#torn;
  }

  /** The `n` of each agent's next node. */
  get nextN(): ReadonlyMap<string, number> {
    return this.#nextN;
  }

  /** The nodes of the lines that are new since the last call, up to the byte `limit`. */
  async advance(limit: number = Number.POSITIVE_INFINITY): Promise<readonly RunNode[]> {
    // Read before the log: a head that is written meanwhile may be ahead of the size seen here.
    if (this.#headFile !== null) this.#head = await readHead(this.#headFile);
    return orFileFailure("read", this.#file, async () => {
      const fd = await openLog(this.#file);
      try {
        const found = fstatSync(fd, { bigint: true });
        const known = this.#follow(found.ino);
        const size = Math.min(limit, Number(found.size));
        if (size < this.#end) throw this.#damaged("the file was cut since it was read; read it again");
        const nodes: RunNode[] = [];
        for await (const lines of readLines(fd, this.#end, size)) this.#take(lines, size, nodes);
        this.#checkLength();
        this.#torn = size - this.#end;
        this.#nodes += nodes.length - known;
        this.#stamp = stampOf(found);
        return known === 0 ? nodes : nodes.slice(known);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Whether the log and its head are as they were when they were last read to their end. */
  async isUnchanged(): Promise<boolean> {
    const head = this.#headFile === null ? null : await readHead(this.#headFile);
    const found = lstatSync(this.#file, { bigint: true, throwIfNoEntry: false });
    return found !== undefined && stampOf(found) === this.#stamp && isSameHead(head, this.#head);
  }

  /** Starts over if another file has replaced the log. Returns how many nodes to skip because they were returned before. */
  #follow(inode: bigint): number {
    const isAnother = this.#inode !== null && this.#inode !== inode;
    this.#inode = inode;
    if (!isAnother) return 0;
    this.#nextN.clear();
    this.#format = null;
    this.#end = 0;
    this.#lines = 0;
    this.#sum = NO_SUM;
    return this.#nodes;
  }

  #take(lines: readonly FileLine[], size: number, nodes: RunNode[]): void {
    for (const line of lines) {
      const end = line.offset + line.bytes.length + 1;
      if (end === size && !hasGoodSum(line.bytes) && hasUnwrittenSector(line)) return;
      const { agentId, n, nodes: added, format, prev, sum } = this.#decode(line.bytes);
      this.#checkChain(format, prev);
      const nextN = this.#nextN.get(agentId) ?? 0;
      if (n !== nextN) throw this.#damaged(`agent ${agentId} goes on at n ${n} and not at ${nextN}`);
      this.#checkHead(end, sum);
      this.#nextN.set(agentId, n + added.length);
      for (const node of added) nodes.push(node);
      this.#lastNode = added.at(-1)?.id ?? "";
      this.#sum = sum;
      this.#end = end;
      this.#lines++;
    }
  }

  #checkChain(format: number, prev: string | null): void {
    this.#format ??= format;
    if (format !== this.#format)
      throw this.#damaged(`it has format ${format}, in a log of format ${this.#format}`);
    if (prev === null || prev === this.#sum) return;
    throw this.#damaged(
      this.#lines === 0
        ? "a line before it is missing"
        : `it does not follow the line before it (node ${this.#lastNode}): a line between them is missing, or lines were moved or repeated`,
    );
  }

  #checkHead(end: number, sum: string): void {
    if (this.#head === null || this.#end >= this.#head.bytes || end < this.#head.bytes) return;
    if (end === this.#head.bytes && sum === this.#head.sum) return;
    throw this.#damaged(
      `it is not the line that was there when the branch was last closed, which ended with node ${this.#head.node}`,
    );
  }

  #checkLength(): void {
    if (this.#head === null || this.#end >= this.#head.bytes) return;
    const { lines, node } = this.#head;
    throw this.#damaged(
      `it is missing: the log had ${counted(lines, "line")} when the branch was last closed, up to node ${node}. If only the end of the file was lost in a power failure, remove ${this.#headFile} to continue from what is left`,
    );
  }

  #decode(bytes: Buffer): ReadLine {
    try {
      return decodeLine(bytes);
    } catch (error) {
      if (!RLMError.is(error)) throw error;
      if (error.code !== "unsupported_format") throw this.#damaged(error.message, error);
      const message = sentences(
        `${this.#file} line ${this.#lines + 1}: ${error.message}`,
        "Use the version of rlmflow that wrote it, or a newer one.",
      );
      throw new RLMError("unsupported_format", message, { cause: error });
    }
  }

  #damaged(reason: string, cause?: unknown): RLMError {
    const line = this.#lines + 1;
    return new RLMError(
      "damaged_log",
      sentences(
        `${this.#file} line ${line} is damaged: ${reason}`,
        `Restore the file from a copy; ${goodBefore(this.#lines)}.`,
      ),
      { cause, details: { file: this.#file, line, reason } },
    );
  }
}

/** Every change of a file changes this. */
function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function goodBefore(lines: number): string {
  if (lines === 0) return "no line before it is good";
  return lines === 1 ? "the line before it is good" : `the ${lines} lines before it are good`;
}

/** The descriptor of a log that was opened to be read. Rejects with `damaged_log` when the branch has none. */
export async function openLog(file: string): Promise<number> {
  try {
    return await openToRead(file);
  } catch (error) {
    throw systemCode(error) === "ENOENT" ? damagedFile(file, "it is missing", error) : error;
  }
}

/** After a loss of power a sector of the last write may be missing: it reads as zeros, which no line holds. */
function hasUnwrittenSector({ bytes, offset }: FileLine): boolean {
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + SECTOR_BYTES - ((offset + start) % SECTOR_BYTES));
    if (bytes.subarray(start, end).every((byte) => byte === 0)) return true;
    start = end;
  }
  return false;
}
