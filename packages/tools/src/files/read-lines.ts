import type { FileHandle } from "node:fs/promises";
import { decodeText } from "./decode-text.ts";
import { overLimit } from "./file-failure.ts";

const NEWLINE = 0x0a;
const MAX_LINES = 100_000;
const CHUNK = 256 * 1024;

/** A part of the lines of a file: from `start`, up to `end`, counted from 0, `end` not included. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
  /** Most bytes that may be kept. */
  readonly limit: number;
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** How many lines a file has: its line ends, and one more when text follows the last. */
export async function countLines(file: FileHandle): Promise<number> {
  let count = 0;
  let open = false;
  for await (const chunk of chunksOf(file)) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) count += 1;
    open = chunk.at(-1) !== NEWLINE;
  }
  return open ? count + 1 : count;
}

/** Some lines of a file, without reading what comes after them or keeping what comes before. */
export async function readLineRange(
  file: FileHandle,
  path: string,
  { start, end, limit }: LineRange,
): Promise<readonly string[]> {
  const kept: Uint8Array[] = [];
  let size = 0;
  let line = 0;
  for await (const chunk of chunksOf(file)) {
    const { from, to, next } = cutLines(chunk, { line, start, end });
    if (to > from) kept.push(Uint8Array.from(chunk.subarray(from, to)));
    size += to - from;
    if (size > limit) {
      throw overLimit(
        path,
        `holds more than ${limit} bytes in lines ${start} to ${end}`,
        "Ask for fewer lines.",
      );
    }
    line = next;
    if (line >= end) break;
  }
  const lines = splitLines(decodeText(Buffer.concat(kept), path));
  if (lines.length <= MAX_LINES) return lines;
  throw overLimit(
    path,
    `holds ${lines.length} lines there, and at most ${MAX_LINES} are given at once`,
    "Ask for fewer lines.",
  );
}

/** Which part of a chunk belongs to the range, when its first byte belongs to `line`. */
function cutLines(chunk: Uint8Array, { line, start, end }: { line: number; start: number; end: number }) {
  let from = line >= start ? 0 : chunk.length;
  let next = line;
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
    next += 1;
    if (next === start) from = at + 1;
    if (next >= end) return { from: Math.min(from, at + 1), to: at + 1, next };
  }
  return { from, to: chunk.length, next };
}

/** The lines of a text, without their ends (`\n` or `\r\n`). Text after the last end is a line. */
export function splitLines(text: string): readonly string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}
