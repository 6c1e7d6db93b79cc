import {
  MapConstructor,
  mapDelete,
  mapGet,
  mapSet,
  smaller,
  stringIndexOf,
  stringRepeat,
  stringSlice,
} from "../realm/primordials.ts";
import type { Frame } from "../realm/stack.ts";

/** The text of a block: what the model wrote, and what runs in its place. */
export interface BlockSource {
  readonly number: number;
  readonly id: string;
  readonly code: string;
  readonly source: string;
  /** Lines of `source` before the first line of `code`. */
  readonly lineOffset: number;
}

/** Characters of code kept for excerpts; the oldest blocks go first. */
const KEPT = 1_000_000;
const MAX_EXCERPTS = 6;
const EXCERPT_WIDTH = 200;

/** The sources of the blocks so far, to show the model its own lines. */
export class Sources {
  readonly #blocks = new MapConstructor<number, BlockSource>();
  #oldest = 1;
  #newest = 0;
  #kept = 0;

  /** Remembers a block; numbers count up from 1. */
  add(block: BlockSource): void {
    mapSet(this.#blocks, block.number, block);
    this.#newest = block.number;
    this.#kept += block.code.length + block.source.length;
    while (this.#kept > KEPT && this.#oldest < this.#newest) {
      const old = mapGet(this.#blocks, this.#oldest);
      if (old !== undefined) this.#kept -= old.code.length + old.source.length;
      mapDelete(this.#blocks, this.#oldest);
      this.#oldest += 1;
    }
  }

  /** The lines of code that frames point to, innermost first, each with a line break before it. */
  excerpts(frames: readonly Frame[]): string {
    let text = "";
    let shown = 0;
    let previous: Frame | null = null;
    for (let i = 0; i < frames.length && shown < MAX_EXCERPTS; i += 1) {
      const frame = frames[i];
      if (frame === undefined || isSameLine(frame, previous)) continue;
      const excerpt = this.#excerpt(frame, shown === 0);
      if (excerpt === "") continue;
      previous = frame;
      shown += 1;
      text += excerpt;
    }
    return text;
  }

  #excerpt(frame: Frame, first: boolean): string {
    const block = mapGet(this.#blocks, frame.block);
    if (block === undefined) return "";
    const { line } = frame;
    const own = lineOf(block.code, line);
    if (line < 1 || own === null) return "";
    const inFunction = frame.functionName === "" ? "" : ` in ${stringSlice(frame.functionName, 0, 80)}`;
    const where = block.number === this.#newest ? "" : ` of an earlier block (${block.id})`;
    const place = `\n  at line ${line}${where}${inFunction}:`;
    const column = ownColumn(lineOf(block.source, line + block.lineOffset) ?? "", own, frame.column);
    return `${place}\n${pointed(own, first ? column : null)}`;
  }
}

function isSameLine(frame: Frame, other: Frame | null): boolean {
  return other !== null && frame.block === other.block && frame.line === other.line;
}

/** Line `number` of the text, counted from 1. */
function lineOf(text: string, number: number): string | null {
  let start = 0;
  for (let line = 1; line < number; line += 1) {
    const end = stringIndexOf(text, "\n", start);
    if (end === -1) return null;
    start = end + 1;
  }
  const end = stringIndexOf(text, "\n", start);
  return stringSlice(text, start, end === -1 ? text.length : end);
}

/**
 * The column, from 0, in the model's line of a column in the line that ran. Rewriting puts things before
 * and behind what it keeps: what follows the column must stand in the model's line exactly once.
 */
function ownColumn(ran: string, own: string, column: number): number | null {
  const rest = stringSlice(ran, column - 1);
  for (let length = smaller(rest.length, 64); length > 0; length -= 1) {
    const found = stringSlice(rest, 0, length);
    const at = stringIndexOf(own, found);
    if (at === -1) continue;
    return stringIndexOf(own, found, at + 1) === -1 ? at : null;
  }
  return null;
}

/** The line, cut around the column when long, with a caret under the column. */
function pointed(line: string, column: number | null): string {
  const from = column !== null && column > EXCERPT_WIDTH - 40 ? column - 40 : 0;
  const shown = stringSlice(line, from, from + EXCERPT_WIDTH);
  const text = `    ${from > 0 ? "…" : ""}${shown}`;
  if (column === null) return text;
  return `${text}\n${stringRepeat(" ", 4 + (from > 0 ? 1 : 0) + column - from)}^`;
}
