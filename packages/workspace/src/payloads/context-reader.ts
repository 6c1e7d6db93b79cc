import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { RLMError } from "@rlmflow/core";
import { damagedFile, fileFailure } from "../disk/file-failure.ts";
import { type ContextIndex, pieceOf } from "./context-index.ts";

/** Pieces kept decoded: 32 of 64 Ki units are 4 to 8 MiB, for all contexts of a workspace together. */
const KEPT_PIECES = 32;

/** Contexts of which it is known how their files looked when their content was right. */
const KEPT_STAMPS = 1024;

/** Bytes that are hashed at a time. */
const HASH_BYTES = 1 << 20;

const { O_NOFOLLOW: NO_FOLLOW = 0 } = constants;

/** How a file looks from outside: it changes when the file is written or replaced. */
export function fileStamp({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/**
 * Reads ranges of contexts synchronously, by pieces; the last ones used are kept. A piece that is not kept
 * costs one reading of at most 256 KiB of the file. A file that does not look as it did when its content was
 * checked is hashed again.
 */
export class ContextReader {
  readonly #pieces = new Map<string, string>();
  readonly #stamps = new Map<string, string>();

  /** The file of this digest had the right content when it looked like this. */
  trust(digest: string, stamp: string): void {
    this.#stamps.delete(digest);
    this.#stamps.set(digest, stamp);
    const [oldest] = this.#stamps.keys();
    if (this.#stamps.size > KEPT_STAMPS && oldest !== undefined) this.#stamps.delete(oldest);
  }

  /** The units from `start` up to `end`; what lies outside the text is left out. */
  read(path: string, index: ContextIndex, start: number, end: number): string {
    const from = Math.max(0, start);
    const to = Math.min(end, index.characters);
    if (from >= to) return "";
    const first = pieceOf(index, from);
    const last = pieceOf(index, to - 1);
    let text = "";
    for (let piece = first; piece <= last; piece++) {
      const begin = index.units[piece] ?? 0;
      text += this.#piece(path, index, piece).slice(Math.max(0, from - begin), to - begin);
    }
    return text;
  }

  #piece(path: string, index: ContextIndex, piece: number): string {
    const key = `${index.digest}/${piece}`;
    const kept = this.#pieces.get(key);
    if (kept !== undefined) {
      this.#pieces.delete(key);
      this.#pieces.set(key, kept);
      return kept;
    }
    const text = this.#readPiece(path, index, piece);
    this.#pieces.set(key, text);
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= KEPT_PIECES) break;
      this.#pieces.delete(oldest);
    }
    return text;
  }

  #readPiece(path: string, index: ContextIndex, piece: number): string {
    const from = index.offsets[piece] ?? 0;
    const bytes = Buffer.allocUnsafe((index.offsets[piece + 1] ?? index.bytes) - from);
    try {
      const file = openSync(path, constants.O_RDONLY | NO_FOLLOW);
      try {
        const done = readFully(file, bytes, from);
        if (done < bytes.length) throw damagedFile(path, "it has become shorter since it was opened");
        // After the reading: what was written before it shows.
        const stamp = fileStamp(fstatSync(file, { bigint: true }));
        if (stamp !== this.#stamps.get(index.digest)) {
          if (digestOf(file) !== index.digest)
            throw damagedFile(
              path,
              "it was changed while it was in use, and no longer has the digest that is its name",
            );
          this.trust(index.digest, stamp);
        }
        return bytes.toString("utf8");
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw RLMError.is(error) ? error : fileFailure("read", path, error);
    }
  }
}

/** Fills the bytes from the position on, and gives how many there were. */
function readFully(file: number, bytes: Buffer, position: number): number {
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(file, bytes, done, bytes.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

function digestOf(file: number): string {
  const hash = createHash("sha256");
  const bytes = Buffer.allocUnsafe(HASH_BYTES);
  for (let position = 0; ; ) {
    const read = readFully(file, bytes, position);
    hash.update(bytes.subarray(0, read));
    position += read;
    if (read < bytes.length) return hash.digest("hex");
  }
}
