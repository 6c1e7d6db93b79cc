import { type FileHandle, open } from "node:fs/promises";
import { RLMError, type RunNode, sentences } from "@rlmflow/core";
import { damagedFile, orFileFailure, systemCode } from "./file-failure.ts";
import { type FileLine, readLines } from "./line-reader.ts";
import { decodeLine, type LogLine } from "./log-line.ts";
import { hasGoodSum } from "./sealed-line.ts";

/*
 * Owns: what has been read of one log, and the checks that lines must stand together.
 * Does not own: the file, which a writer may be extending meanwhile; the repair of a torn end.
 *
 * 1. `end` is behind the newline of the last line that was read and checked; reading goes on there.
 * 2. `nextN` counts the nodes of each agent up to `end`.
 * 3. Only what follows the last newline is torn, or a last line in which a whole disk sector was never
 *    written. Anything else that does not fit is damage and refused.
 */

const SECTOR_BYTES = 512;

/** Reads a log from its beginning, and then what has been appended since. */
export class LogReader {
  readonly #file: string;
  readonly #nextN = new Map<string, number>();
  #end = 0;
  #lines = 0;
  #torn = 0;

  constructor(file: string) {
    this.#file = file;
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
    return orFileFailure("read", this.#file, async () => {
      const handle = await openLog(this.#file);
      try {
        const size = Math.min(limit, (await handle.stat()).size);
        if (size < this.#end) throw this.#damaged("the file was cut since it was read; read it again");
        const nodes: RunNode[] = [];
        for await (const lines of readLines(handle, this.#end, size)) this.#take(lines, size, nodes);
        this.#torn = size - this.#end;
        return nodes;
      } finally {
        await handle.close();
      }
    });
  }

  #take(lines: readonly FileLine[], size: number, nodes: RunNode[]): void {
    for (const line of lines) {
      const end = line.offset + line.bytes.length + 1;
      if (end === size && !hasGoodSum(line.bytes) && hasUnwrittenSector(line)) return;
      const { agentId, n, nodes: added } = this.#decode(line.bytes);
      const nextN = this.#nextN.get(agentId) ?? 0;
      if (n !== nextN) throw this.#damaged(`agent ${agentId} goes on at n ${n} and not at ${nextN}`);
      this.#nextN.set(agentId, n + added.length);
      for (const node of added) nodes.push(node);
      this.#end = end;
      this.#lines++;
    }
  }

  #decode(bytes: Buffer): LogLine {
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

function goodBefore(lines: number): string {
  if (lines === 0) return "no line before it is good";
  return lines === 1 ? "the line before it is good" : `the ${lines} lines before it are good`;
}

/** Opens a log to be read. Rejects with `damaged_log` when the branch has none. */
export async function openLog(file: string): Promise<FileHandle> {
  try {
    return await open(file, "r");
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
