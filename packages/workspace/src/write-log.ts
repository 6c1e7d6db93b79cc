import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { isJsonObject, type JsonObject, RLMError, sentences } from "@rlmflow/core";
import { openOwnFile } from "./durable-files.ts";
import { orFileFailure, systemCode } from "./file-failure.ts";
import { type FileState, parseFileState } from "./file-state.ts";
import { readLines } from "./line-reader.ts";
import { NO_SUM, openLine, sealLine, sumOf } from "./sealed-line.ts";

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

/** Reads a log of writes; one that is not there is empty. What follows the last newline is torn and left out. */
export async function readWriteLog(file: string): Promise<WriteLog> {
  return orFileFailure("read", file, async () => {
    const handle = await openOwnFile(file, constants.O_RDONLY).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    });
    if (handle === null) return { entries: [], end: 0, sum: NO_SUM, tornBytes: 0 };
    try {
      return await readEntries(handle, file);
    } finally {
      await handle.close();
    }
  });
}

async function readEntries(handle: FileHandle, file: string): Promise<WriteLog> {
  const entries: WriteEntry[] = [];
  let end = 0;
  let last: LineBefore = { format: 1, sum: NO_SUM };
  const { size } = await handle.stat();
  for await (const lines of readLines(handle.fd, 0, size)) {
    for (const { bytes, offset } of lines) {
      const { entry, format } = decodeAt(bytes, last, { file, line: entries.length + 1 });
      entries.push(entry);
      last = { format, sum: sumOf(bytes) };
      end = offset + bytes.length + 1;
    }
  }
  return { entries, end, sum: last.sum, tornBytes: size - end };
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
    const details = { file, line, reason };
    if (newer !== null) {
      const advice = "Use the version of rlmflow that wrote it, or a newer one.";
      const message = sentences(`${file} line ${line}: ${reason}`, advice);
      throw new RLMError("unsupported_format", message, { cause, details });
    }
    const advice = "Restore the file from a copy, or remove it: then forks have the files as they are now.";
    const message = sentences(`${file} line ${line} is damaged: ${reason}`, advice);
    throw new RLMError("damaged_log", message, { cause, details });
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
