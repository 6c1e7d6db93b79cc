import { type Durability, readOwnFile, replaceFile } from "./durable-files.ts";
import { damagedFile, orFileFailure, systemCode } from "./file-failure.ts";
import { openLine, sealLine } from "./sealed-line.ts";

/*
 * How far a log went when its branch was last closed. A log alone can't show that its last lines are gone; this file
 * can, and costs nothing per append. After a crash it lags behind the log: it is a lower bound.
 */

/** Where a log ended. */
export interface LogHead {
  /** Bytes and lines up to here. */
  readonly bytes: number;
  readonly lines: number;
  /** The checksum of the last of these lines, which covers those before it too. */
  readonly sum: string;
  /** The id of the last node in them. */
  readonly node: string;
}

const FORMAT = 1;

/**
 * The head that was kept of a log, or `null` without one. Rejects with `damaged_log` for a file that holds no head;
 * an empty file, as a loss of power leaves it, counts as no head.
 */
export async function readHead(file: string): Promise<LogHead | null> {
  const bytes = await orFileFailure("read", file, async () => {
    try {
      return await readOwnFile(file);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    }
  });
  if (bytes === null || bytes.every((byte) => byte === 0)) return null;
  try {
    const { v, bytes: end, lines, last: sum, node } = openLine(bytes.subarray(0, -1));
    if (v === FORMAT && isCount(end) && isCount(lines) && typeof sum === "string" && typeof node === "string")
      return { bytes: end, lines, sum, node };
  } catch (error) {
    throw damagedHead(file, error instanceof Error ? error.message : String(error), error);
  }
  throw damagedHead(file, "it does not say where the log ended");
}

/** Whether two heads say the same. */
export function isSameHead(a: LogHead | null, b: LogHead | null): boolean {
  if (a === null || b === null) return a === b;
  return a.bytes === b.bytes && a.lines === b.lines && a.sum === b.sum && a.node === b.node;
}

function damagedHead(file: string, reason: string, cause?: unknown) {
  const advice = "It only repeats where log.jsonl ended: when that file is as you want it, remove this one";
  return damagedFile(file, `${reason}. ${advice}`, cause);
}

/** Writes the head of a log; a reader finds either the old one or the new one, whole. */
export async function writeHead(
  file: string,
  { bytes, lines, sum, node }: LogHead,
  durability: Durability,
): Promise<void> {
  const line = sealLine(JSON.stringify({ v: FORMAT, bytes, lines, last: sum, node }).slice(0, -1));
  await orFileFailure("write", file, () => replaceFile(file, line, durability));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
