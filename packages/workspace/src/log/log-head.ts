import { isJsonObject, type JsonValue } from "@rlmflow/core";
import { type Durability, readOwnFile, replaceFile } from "../disk/durable-files.ts";
import { damagedFile, orFileFailure, systemCode } from "../disk/file-failure.ts";
import { openLine, sealLine } from "./log-line.ts";

/*
 * How far the logs of a branch went when it was last closed. A log alone can't show that its last lines are gone; this
 * file can, and costs nothing per append. After a crash it lags behind the logs: it is a lower bound.
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
  /** Where the log of the tools' writes ended. Absent where that is not known: no tool wrote, or an older version closed the branch. */
  readonly writes?: WritesHead;
}

/** Where a log of writes ended. */
export interface WritesHead extends Pick<LogHead, "bytes" | "lines" | "sum"> {
  /** The file that was written last. */
  readonly path: string;
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
    const { v, bytes: end, lines, last: sum, node, writes } = openLine(bytes.subarray(0, -1));
    const written = parseWrites(writes);
    if (
      v === FORMAT &&
      isCount(end) &&
      isCount(lines) &&
      typeof sum === "string" &&
      typeof node === "string" &&
      written !== null
    )
      return { bytes: end, lines, sum, node, ...written };
  } catch (error) {
    throw damagedHead(file, error instanceof Error ? error.message : String(error), error);
  }
  throw damagedHead(file, "it does not say where the log ended");
}

/** `null` for what does not say where a log of writes ended. */
function parseWrites(value: JsonValue | undefined): Pick<LogHead, "writes"> | null {
  if (value === undefined) return {};
  if (!isJsonObject(value)) return null;
  const { bytes, lines, last: sum, path } = value;
  if (!isCount(bytes) || !isCount(lines) || typeof sum !== "string" || typeof path !== "string") return null;
  return { writes: { bytes, lines, sum, path } };
}

/** Whether two heads say the same. */
export function isSameHead(a: LogHead | null, b: LogHead | null): boolean {
  if (a === null || b === null) return a === b;
  return encodeHead(a).equals(encodeHead(b));
}

function damagedHead(file: string, reason: string, cause?: unknown) {
  const advice =
    "It only repeats where log.jsonl and writes.jsonl ended: when these are as you want them, remove this one";
  return damagedFile(file, `${reason}. ${advice}`, cause);
}

/** Writes the head of a log; a reader finds either the old one or the new one, whole. */
export async function writeHead(file: string, head: LogHead, durability: Durability): Promise<void> {
  await orFileFailure("write", file, () => replaceFile(file, encodeHead(head), durability));
}

function encodeHead({ bytes, lines, sum, node, writes }: LogHead): Buffer {
  const head = { v: FORMAT, bytes, lines, last: sum, node };
  const written = writes && {
    writes: { bytes: writes.bytes, lines: writes.lines, last: writes.sum, path: writes.path },
  };
  return sealLine(JSON.stringify({ ...head, ...written }).slice(0, -1));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
