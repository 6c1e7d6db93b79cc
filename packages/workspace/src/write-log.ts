import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { type JsonObject, RLMError } from "@rlmflow/core";
import { openOwnFile } from "./durable-files.ts";
import { orFileFailure, systemCode } from "./file-failure.ts";
import { type FileState, parseFileState } from "./file-state.ts";
import { readLines } from "./line-reader.ts";
import { openLine, sealLine } from "./sealed-line.ts";

/** The number of the format in which writes are logged. */
const FORMAT = 1;

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
}

/** A line of a log of writes. */
export function encodeWrite({ key, path, before, after }: WriteEntry): Buffer {
  return sealLine(JSON.stringify({ v: FORMAT, key, path, before, after }).slice(0, -1));
}

/** Reads a log of writes; one that is not there is empty. What follows the last newline is torn and left out. */
export async function readWriteLog(file: string): Promise<WriteLog> {
  return orFileFailure("read", file, async () => {
    const handle = await openOwnFile(file, constants.O_RDONLY).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return null;
      throw error;
    });
    if (handle === null) return { entries: [], end: 0 };
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
  for await (const lines of readLines(handle, 0)) {
    for (const { bytes, offset } of lines) {
      entries.push(decodeAt(bytes, file, entries.length + 1));
      end = offset + bytes.length + 1;
    }
  }
  return { entries, end };
}

function decodeAt(bytes: Buffer, file: string, line: number): WriteEntry {
  try {
    return decodeWrite(openLine(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const code = RLMError.is(cause) ? cause.code : "damaged_log";
    const message = `${file} line ${line} is damaged: ${reason}. Restore the file from a copy, or remove it: then forks have the files as they are now.`;
    throw new RLMError(code, message, { cause, details: { file, line, reason } });
  }
}

function decodeWrite({ v, key, path, before, after }: JsonObject): WriteEntry {
  if (typeof v === "number" && v > FORMAT)
    throw new RLMError("unsupported_format", `it has format ${v}, this version reads up to ${FORMAT}`);
  const states = { before: parseFileState(before), after: parseFileState(after) };
  if (v !== FORMAT || typeof key !== "string" || typeof path !== "string" || !isPlainPath(path))
    throw new RLMError("damaged_log", "it lacks a key or a path inside the branch's files");
  if (states.before === undefined || states.after === undefined)
    throw new RLMError("damaged_log", "it does not say what the file was and became");
  return { key, path, before: states.before, after: states.after };
}

function isPlainPath(path: string): boolean {
  const names = path.split("/");
  return !isAbsolute(path) && names.every((name) => name !== "" && name !== "." && name !== "..");
}
