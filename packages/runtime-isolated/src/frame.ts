/**
 * Frames of a length, a session, a kind and a text in UTF-8: how messages lie on the pipe between the engine
 * and a sandbox process. Both sides use this one file.
 *
 * 1. A frame's text is at most {@link MAX_FRAME_BYTES} long; a longer one is never sent.
 * 2. Whatever else arrives is a {@link MalformedFrame}, and the reader gives nothing more.
 */

/** Bytes that the text of one frame may have. */
export const MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

const HEADER_BYTES = 9;

/** One frame of a direction. */
export interface Frame<Kind extends string> {
  readonly kind: Kind;
  /** The session it is about; 0 for the process itself. */
  readonly session: number;
  readonly text: string;
}

/** The bytes were no frame: whoever wrote them can't be trusted any more. */
export class MalformedFrame extends Error {
  override name = "MalformedFrame";
}

/** The bytes of a frame, or `null` when its text is too long to be sent. */
export function encodeFrame(kind: number, session: number, text: string): Buffer | null {
  const length = Buffer.byteLength(text);
  if (length > MAX_FRAME_BYTES) return null;
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + length);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(session, 4);
  bytes.writeUInt8(kind, 8);
  bytes.write(text, HEADER_BYTES);
  return bytes;
}

/** Joins bytes that were cut anywhere into frames again. Holds at most one unfinished frame. */
export class FrameReader<Kind extends string> {
  readonly #kinds: ReadonlyMap<number, Kind>;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #chunks: Buffer[] = [];
  #held = 0;
  /** Bytes that must be held before there is anything to look at. */
  #wanted = HEADER_BYTES;

  constructor(kinds: Readonly<Record<Kind, number>>) {
    const entries = Object.entries(kinds) as [Kind, number][];
    this.#kinds = new Map(entries.map(([kind, number]) => [number, kind]));
  }

  /** The frames that these bytes complete. Throws {@link MalformedFrame}. */
  *push(chunk: Buffer): Generator<Frame<Kind>, void> {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= this.#wanted) {
      const bytes =
        this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks);
      const length = this.#checkedLength(bytes);
      const end = HEADER_BYTES + length;
      this.#chunks = [bytes];
      this.#wanted = end;
      if (bytes.length < end) return;
      const frame = this.#frame(bytes, end);
      this.#chunks = [bytes.subarray(end)];
      this.#held = bytes.length - end;
      this.#wanted = HEADER_BYTES;
      yield frame;
    }
  }

  #checkedLength(bytes: Buffer): number {
    const length = bytes.readUInt32BE(0);
    if (length > MAX_FRAME_BYTES) throw new MalformedFrame(`a frame of ${length} bytes`);
    if (!this.#kinds.has(bytes.readUInt8(8)))
      throw new MalformedFrame(`a frame of kind ${bytes.readUInt8(8)}`);
    return length;
  }

  #frame(bytes: Buffer, end: number): Frame<Kind> {
    const kind = this.#kinds.get(bytes.readUInt8(8));
    if (kind === undefined) throw new MalformedFrame("a frame of no kind");
    try {
      const text = this.#decoder.decode(bytes.subarray(HEADER_BYTES, end));
      return { kind, session: bytes.readUInt32BE(4), text };
    } catch {
      throw new MalformedFrame("a frame whose text is not UTF-8");
    }
  }
}
