import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { isJsonObject, type JsonObject, RLMError } from "@rlmflow/core";
import { counted, sentences } from "@rlmflow/core/driver";
import { openOwnFile } from "../disk/durable-files.ts";
import { orFileFailure, systemCode } from "../disk/file-failure.ts";
import { readLines } from "../log/line-reader.ts";
import { readHead, type WritesHead } from "../log/log-head.ts";
import { NO_SUM, openLine, sealLine, sumOf } from "../log/log-line.ts";
import { type FileState, parseFileState } from "./file-state.ts";

/** The number of the format in which writes are logged. Lines of format 1 name no line before them; one file may begin with them. */
const FORMAT = 2;

/** One write by a tool, noted before it was made. */
export interface WriteEntry {
  /** The effect key of the call. */
  readonly key: string;
  /** Names separated by `/`, relative to the branch's files. */
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
}

/** What a log of writes holds, in the order in which they were made, and where its last whole line ends. */
export interface WriteLog {
  readonly entries: readonly WriteEntry[];
  readonly end: number;
  /** The checksum of the last whole line, which the next one names. */
  readonly sum: string;
  /** What a head says of this log; `null` when no write is in it. */
  readonly head: WritesHead | null;
  /** Bytes behind it that hold the beginning of a line. */
  readonly tornBytes: number;
}

/**
 * A line of a log of writes. `prev` is the checksum of the line before it, so that a line which is removed, repeated or
 * moved is noticed at its place.
 */
export function encodeWrite({ key, path, before, after }: WriteEntry, prev: string): Buffer {
  return sealLine(JSON.stringify({ v: FORMAT, key, path, before, after, prev }).slice(0, -1));
}

/** The lines of a whole log of writes. */
export function encodeWrites(entries: readonly WriteEntry[]): Buffer {
  let prev = NO_SUM;
  return Buffer.concat(
    entries.map((entry) => {
      const line = encodeWrite(entry, prev);
      prev = sumOf(line.subarray(0, -1));
      return line;
    }),
  );
}

/**
 * Reads a log of writes; one that is not there is empty. What follows the last newline is torn and left out. With
 * `headFile`, a log that lacks lines which it had when its branch was last closed is damaged.
 */
export async function readWriteLog(file: string, headFile: string | null = null): Promise<WriteLog> {
  // Read before the log: a head that is written meanwhile may be ahead of the size seen here.
  const kept = headFile === null ? null : ((await readHead(headFile))?.writes ?? null);
  return orFileFailure("read", file, async () => {
    const handle = await openOwnFile(file, constants.O_RDONLY).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    });
    if (handle === null && kept !== null) throw damagedWrites(file, 1, isMissing(kept));
    if (handle === null) return { entries: [], end: 0, sum: NO_SUM, head: null, tornBytes: 0 };
    try {
      return await readEntries(handle, file, kept);
    } finally {
      await handle.close();
    }
  });
}

async function readEntries(handle: FileHandle, file: string, kept: WritesHead | null): Promise<WriteLog> {
  const entries: WriteEntry[] = [];
  let end = 0;
  let last: LineBefore = { format: 1, sum: NO_SUM };
  const { size } = await handle.stat();
  for await (const lines of readLines(handle.fd, 0, size)) {
    for (const { bytes, offset } of lines) {
      const { entry, format } = decodeAt(bytes, last, { file, line: entries.length + 1 });
      entries.push(entry);
      last = { format, sum: sumOf(bytes) };
      const before = end;
      end = offset + bytes.length + 1;
      if (kept === null || before >= kept.bytes || end < kept.bytes) continue;
      if (end !== kept.bytes || last.sum !== kept.sum)
        throw damagedWrites(file, entries.length, isAnother(kept));
    }
  }
  if (kept !== null && end < kept.bytes) throw damagedWrites(file, entries.length + 1, isMissing(kept));
  const { path } = entries.at(-1) ?? {};
  const head = path === undefined ? null : { bytes: end, lines: entries.length, sum: last.sum, path };
  return { entries, end, sum: last.sum, head, tornBytes: size - end };
}

function isMissing({ lines, path }: WritesHead): string {
  return `it is missing: the log had ${counted(lines, "line")} when the branch was last closed, up to a write to ${path}`;
}

function isAnother({ path }: WritesHead): string {
  return `it is not the line that was there when the branch was last closed, which was about a write to ${path}`;
}

function damagedWrites(file: string, line: number, reason: string, cause?: unknown): RLMError {
  const advice =
    "Restore the file from a copy. Else remove it and head.json beside it: then forks have the files as they are now.";
  const message = sentences(`${file} line ${line} is damaged: ${reason}`, advice);
  return new RLMError("damaged_log", message, { cause, details: { file, line, reason } });
}

interface LineBefore {
  readonly format: number;
  readonly sum: string;
}

interface ReadWrite {
  readonly entry: WriteEntry;
  readonly format: number;
}

function decodeAt(
  bytes: Buffer,
  before: LineBefore,
  { file, line }: { readonly file: string; readonly line: number },
): ReadWrite {
  try {
    return decodeWrite(openLine(bytes), before);
  } catch (cause) {
    const newer = newerFormatOf(bytes);
    const reason =
      newer !== null
        ? `it has format ${newer}, this version reads up to ${FORMAT}`
        : cause instanceof Error
          ? cause.message
          : String(cause);
    if (newer === null) throw damagedWrites(file, line, reason, cause);
    const advice = "Use the version of rlmflow that wrote it, or a newer one.";
    const message = sentences(`${file} line ${line}: ${reason}`, advice);
    throw new RLMError("unsupported_format", message, { cause, details: { file, line, reason } });
  }
}

/** The format of a line that a newer version wrote, which may seal its lines in another way; `null` for any other line. */
function newerFormatOf(bytes: Buffer): number | null {
  try {
    const line: unknown = JSON.parse(bytes.toString("utf8"));
    return isJsonObject(line) && typeof line.v === "number" && line.v > FORMAT ? line.v : null;
  } catch {
    return null;
  }
}

function decodeWrite({ v, key, path, before, after, prev }: JsonObject, last: LineBefore): ReadWrite {
  const states = { before: parseFileState(before), after: parseFileState(after) };
  if (v !== 1 && v !== 2) throw new RLMError("damaged_log", `its format is ${JSON.stringify(v)}`);
  if (typeof key !== "string" || typeof path !== "string" || !isPlainPath(path))
    throw new RLMError("damaged_log", "it lacks a key or a path inside the branch's files");
  if (states.before === undefined || states.after === undefined)
    throw new RLMError("damaged_log", "it does not say what the file was and became");
  if (v < last.format)
    throw new RLMError("damaged_log", `it has format ${v}, behind a line of format ${last.format}`);
  if (v === 1 ? prev !== undefined : prev !== last.sum)
    throw new RLMError(
      "damaged_log",
      "it does not follow the line before it: a line between them is missing, or lines were moved or repeated",
    );
  return { entry: { key, path, before: states.before, after: states.after }, format: v };
}

function isPlainPath(path: string): boolean {
  const names = path.split("/");
  return !isAbsolute(path) && names.every((name) => name !== "" && name !== "." && name !== "..");
}
