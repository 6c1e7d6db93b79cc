/**
 * A copy of what the code of an isolate writes, in memory shared with the process, so that it outlives the isolate.
 * The isolate's side is in bootstrap.ts.
 *
 * 1. Two counts (units of the beginning, units written behind them), the word that says that there is something new,
 *    then the units: the beginning as it is, the end as a ring.
 * 2. The writer notifies the process of new output, but not again until the process has read it.
 */

const HEADER_BYTES = 24;
/** UTF-16 units that are kept of the beginning. */
export const HEAD_UNITS = 16_384;
const TAIL_UNITS = 16_384;

/** See the head of this file. */
export class OutputMirror {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + 2 * (HEAD_UNITS + TAIL_UNITS));
  readonly #counts = new Float64Array(this.memory, 0, 2);
  readonly #news = new Int32Array(this.memory, 16, 1);
  readonly #units = new Uint16Array(this.memory, HEADER_BYTES);

  /** What the entry has written so far. */
  take(): string {
    Atomics.store(this.#news, 0, 0);
    const [head = 0, written = 0] = this.#counts;
    const beginning = textOf(this.#units.slice(0, head));
    if (written <= TAIL_UNITS) {
      return beginning + textOf(this.#units.slice(HEAD_UNITS, HEAD_UNITS + written));
    }
    const cut = HEAD_UNITS + (written % TAIL_UNITS);
    const end = textOf(this.#units.slice(cut)) + textOf(this.#units.slice(HEAD_UNITS, cut));
    return `${beginning}\n… ${written - TAIL_UNITS} characters were not kept …\n${end}`;
  }
}

function textOf(units: Uint16Array): string {
  return Buffer.from(units.buffer).toString("utf16le");
}
