import { read, readSync } from "node:fs";
import { promisify } from "node:util";

const CHUNK_BYTES = 1 << 20;

/** A line of a file without its newline. */
export interface FileLine {
  readonly bytes: Buffer;
  /** Where it begins in the file. */
  readonly offset: number;
}

/**
 * Gives the whole lines of an open file from an offset up to `limit`, those of one reading at a time. A line
 * longer than a reading is put together once, when its newline comes. The bytes stay valid.
 */
export async function* readLines(
  fd: number,
  from: number,
  limit: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly FileLine[], void, undefined> {
  let begun: Buffer[] = [];
  let lineStart = from;
  for (let position = from; position < limit; ) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, limit - position));
    const bytesRead = await readChunk(fd, chunk, position);
    if (bytesRead === 0) return;
    const { lines, rest } = splitLines(chunk.subarray(0, bytesRead), begun, lineStart);
    const last = lines.at(-1);
    if (last !== undefined) lineStart = last.offset + last.bytes.length + 1;
    begun = rest;
    position += bytesRead;
    if (lines.length > 0) yield lines;
  }
}

async function readChunk(fd: number, chunk: Buffer, position: number): Promise<number> {
  // What is read together takes far longer to be understood than to be copied from the system's cache.
  if (chunk.length < CHUNK_BYTES) return readSync(fd, chunk, 0, chunk.length, position);
  return (await promisify(read)(fd, chunk, 0, chunk.length, position)).bytesRead;
}

function splitLines(
  chunk: Buffer,
  begun: readonly Buffer[],
  firstOffset: number,
): { readonly lines: readonly FileLine[]; readonly rest: Buffer[] } {
  const lines: FileLine[] = [];
  let offset = firstOffset;
  let start = 0;
  for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
    const part = chunk.subarray(start, end);
    const bytes = lines.length === 0 && begun.length > 0 ? Buffer.concat([...begun, part]) : part;
    lines.push({ bytes, offset });
    offset += bytes.length + 1;
    start = end + 1;
  }
  const rest = lines.length === 0 ? [...begun] : [];
  if (start < chunk.length) rest.push(chunk.subarray(start));
  return { lines, rest };
}
