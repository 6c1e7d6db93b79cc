import { isUtf8 } from "node:buffer";
import type { FileHandle } from "node:fs/promises";

const CHUNK_BYTES = 1 << 20;

/** Bytes of a file that are whole characters of UTF-8, or that are not. */
export type Utf8Chunk =
  | { readonly valid: true; readonly bytes: Buffer }
  /** Offset of the first byte in the file that is no UTF-8. */
  | { readonly valid: false; readonly at: number };

/**
 * Reads a file in chunks that end with the end of a character. The first chunk that is no
 * UTF-8 is the last. Bytes are valid until the next chunk is asked for.
 */
export async function* readUtf8(handle: FileHandle): AsyncGenerator<Utf8Chunk, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let position = 0; ; ) {
    const read = await fill(handle, buffer, position);
    if (read.length === 0) return;
    // A character cut by the end of the buffer is left for the next reading; at the end of the file it is a fault.
    const whole = read.length < buffer.length ? read : read.subarray(0, read.length - cutBytes(read));
    if (!isUtf8(whole)) {
      yield { valid: false, at: position + firstBad(whole) };
      return;
    }
    yield { valid: true, bytes: whole };
    position += whole.length;
  }
}

/** As many bytes as the buffer holds, less only at the end of the file. */
async function fill(handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** Bytes at the end that begin a character which is longer. */
function cutBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? back : 0;
  }
  return 0;
}

/** Where the longest valid beginning ends, up to three bytes of a character that is cut there. */
function firstBad(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const head = bytes.subarray(0, middle);
    if (isUtf8(head.subarray(0, middle - cutBytes(head)))) good = middle;
    else bad = middle;
  }
  return good - cutBytes(bytes.subarray(0, good));
}
