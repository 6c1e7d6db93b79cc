import { closeSync, openSync, readSync } from "node:fs";
import { type ContextIndex, pieceOf } from "./context-index.ts";
import { damagedFile, fileFailure } from "./file-failure.ts";

/** Pieces kept decoded: 32 of 64 Ki units are 4 to 8 MiB, for all contexts of a workspace together. */
const KEPT_PIECES = 32;

/**
 * Reads ranges of contexts synchronously, by pieces; the last ones used are kept. A piece that is not kept
 * costs one reading of at most 256 KiB of the file.
 */
export class ContextReader {
  readonly #pieces = new Map<string, string>();

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
    const text = readPiece(path, index, piece);
    this.#pieces.set(key, text);
    for (const oldest of this.#pieces.keys()) {
      if (this.#pieces.size <= KEPT_PIECES) break;
      this.#pieces.delete(oldest);
    }
    return text;
  }
}

function readPiece(path: string, index: ContextIndex, piece: number): string {
  const from = index.offsets[piece] ?? 0;
  const bytes = Buffer.allocUnsafe((index.offsets[piece + 1] ?? index.bytes) - from);
  let done = 0;
  try {
    const file = openSync(path, "r");
    try {
      for (let read = -1; read !== 0 && done < bytes.length; done += read) {
        read = readSync(file, bytes, done, bytes.length - done, from + done);
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileFailure("read", path, error);
  }
  if (done === bytes.length) return bytes.toString("utf8");
  throw damagedFile(path, "it has become shorter since it was opened");
}
