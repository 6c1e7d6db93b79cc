/**
 * Finds fenced code blocks in Markdown as CommonMark defines them.
 *
 * Owns: lines, containers (block quotes, list items), paragraphs as far as they decide what a line may begin,
 * and the first and last line of each fence.
 * Does not own: which block matters, and whether a closing fence may be part of the code: `chooseEnd` decides that.
 *
 * 1. Time is linear in the text: each line is read once, with at most MAX_CONTAINERS containers, and once more for each
 *    `read` that `chooseEnd` makes.
 * 2. HTML hides no fence: a model that wraps its block in a tag wants the block to run.
 */

import {
  type Container,
  isThematicBreak,
  LineCursor,
  MAX_CONTAINERS,
  matchContainers,
  openContainer,
} from "./containers.ts";

/** A fenced block. */
export interface Fence {
  /** The info string, without the white space around it. */
  readonly info: string;
  /** The first word of the info string, in lower case: `{.repl}`, `repl title=x` and `Repl` all give `repl`. */
  readonly tag: string;
  /** The content, each line without container marks and the fence's own indentation, joined by `\n`. */
  readonly code: string;
  /** False when the text or the container ended before a closing fence came. */
  readonly closed: boolean;
  /** Index of the line of the opening fence. */
  readonly line: number;
  /** Index of the line after the last one of the block. */
  readonly endLine: number;
}

/** What follows an opening fence, read as far as asked. */
export interface FenceBody {
  /** Lines as content, closing fences that were read past among them. */
  readonly lines: readonly string[];
  /** Indices into `lines` of closing fences; the last may be `lines.length`. */
  readonly ends: readonly number[];
}

/** How far to read what follows an opening fence. */
export interface ReadBody {
  /** Stop after this many closing fences. */
  readonly ends: number;
  /** Lines that are indented too little for their list item still belong to it. */
  readonly loose?: boolean;
}

/** An opening fence whose end is to be chosen. */
export interface OpenFence {
  readonly tag: string;
  read(how: ReadBody): FenceBody;
}

/** Where a block ends: a body that was read and the place of a closing fence in its `ends`. */
export interface ChosenEnd {
  readonly body: FenceBody;
  readonly end: number;
}

/** Chooses where a block ends; `null` leaves it to CommonMark. */
export type ChooseEnd = (fence: OpenFence) => ChosenEnd | null;

interface Opening {
  readonly marker: string;
  readonly length: number;
  readonly indent: number;
  readonly info: string;
  readonly tag: string;
}

const FENCE = /^(?:(`{3,})([^`]*)|(~{3,})(.*))$/s;
const HEADING = /^#{1,6}(?:[ \t]|$)/;
const UNDERLINE = /^(?:=+|-+)[ \t]*$/;

/** The lines of a text, whichever of LF, CRLF and CR ends them; NUL becomes U+FFFD. */
export function splitLines(text: string): string[] {
  const lines = text
    .replace(/^\uFEFF/, "")
    .replaceAll("\0", "\uFFFD")
    .split(/\r\n|\n|\r/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** All fenced code blocks of a text, in order. */
export function scanFences(text: string, chooseEnd: ChooseEnd = () => null): Fence[] {
  return new FenceScanner(splitLines(text), chooseEnd).run();
}

class FenceScanner {
  readonly #lines: readonly string[];
  readonly #chooseEnd: ChooseEnd;
  readonly #fences: Fence[] = [];
  #containers: readonly Container[] = [];
  #inParagraph = false;

  constructor(lines: readonly string[], chooseEnd: ChooseEnd) {
    this.#lines = lines;
    this.#chooseEnd = chooseEnd;
  }

  run(): Fence[] {
    let at = 0;
    while (at < this.#lines.length) {
      const opening = this.#readLine(this.#lines[at] ?? "");
      at = opening === null ? at + 1 : this.#takeFence(opening, at);
    }
    return this.#fences;
  }

  /** Brings the state past one line; gives the fence that the line opens. */
  #readLine(text: string): Opening | null {
    const cursor = new LineCursor(text);
    const matched = matchContainers(cursor, this.#containers);
    const isLazy = this.#inParagraph && matched < this.#containers.length;
    const opened = this.#openContainers(cursor, matched);
    if (cursor.blank()) {
      this.#begin(matched, opened, false);
      return null;
    }
    const interrupts = this.#inParagraph && opened.length === 0;
    if (cursor.indent() > 3) {
      if (!interrupts) this.#begin(matched, opened, false);
      return null;
    }
    const leaf = text.slice(cursor.next());
    const opening = openFence(leaf, cursor.indent());
    const isUnderline = interrupts && !isLazy && UNDERLINE.test(leaf);
    const isParagraph = opening === null && !isUnderline && !HEADING.test(leaf) && !isThematicBreak(leaf);
    if (isParagraph && interrupts) {
      if (!isLazy) this.#begin(matched, opened, true);
      return null;
    }
    this.#begin(matched, opened, isParagraph);
    return opening;
  }

  #openContainers(cursor: LineCursor, matched: number): Container[] {
    const opened: Container[] = [];
    while (matched + opened.length < MAX_CONTAINERS && cursor.indent() <= 3) {
      const continuesParagraph =
        this.#inParagraph && matched === this.#containers.length && opened.length === 0;
      if (continuesParagraph && UNDERLINE.test(cursor.text.slice(cursor.next()))) break;
      const container = openContainer(cursor, continuesParagraph);
      if (container === null) break;
      opened.push(container);
    }
    return opened;
  }

  #begin(matched: number, opened: readonly Container[], inParagraph: boolean): void {
    this.#inParagraph = inParagraph;
    const kept = this.#containers.slice(0, matched).map(withContent);
    this.#containers = [...kept, ...opened];
  }

  /** Records the fence that line `at` opens and gives the index of the line after it. */
  #takeFence(opening: Opening, at: number): number {
    const containers = this.#containers;
    const { info, tag } = opening;
    const read = (how: ReadBody) => readBody(this.#lines, at + 1, { opening, containers, ...how });
    const chosen = this.#chooseEnd({ tag, read }) ?? { body: read({ ends: 1 }), end: 0 };
    const end = chosen.body.ends[chosen.end];
    const lines = chosen.body.lines.slice(0, end);
    const closed = end !== undefined;
    const endLine = at + 1 + lines.length + (closed ? 1 : 0);
    this.#fences.push({ info, tag, code: lines.join("\n"), closed, line: at, endLine });
    return endLine;
  }
}

/** An item whose first line was empty is an ordinary one as soon as a line continues it. */
function withContent(container: Container): Container {
  return container.kind === "item" && container.startsBlank
    ? { ...container, startsBlank: false }
    : container;
}

function openFence(leaf: string, indent: number): Opening | null {
  const found = FENCE.exec(leaf);
  const run = found?.[1] ?? found?.[3];
  if (run === undefined) return null;
  const info = (found?.[2] ?? found?.[4] ?? "").replace(/^[ \t]+|[ \t]+$/g, "");
  return { marker: run.charAt(0), length: run.length, indent, info, tag: fenceTag(info) };
}

/** The {@link Fence.tag} of a fence with this info string. */
export function fenceTag(info: string): string {
  return (/^\{?[ \t]*\.?([^\s{},;:=]*)/.exec(info)?.[1] ?? "").toLowerCase();
}

interface BodyOptions extends ReadBody {
  readonly opening: Opening;
  readonly containers: readonly Container[];
}

function readBody(source: readonly string[], from: number, options: BodyOptions): FenceBody {
  const { opening, containers } = options;
  const lines: string[] = [];
  const ends: number[] = [];
  for (let at = from; at < source.length; at += 1) {
    const cursor = new LineCursor(source[at] ?? "");
    if (matchContainers(cursor, containers, options.loose) < containers.length) break;
    if (closesFence(cursor, opening)) {
      ends.push(lines.length);
      if (ends.length === options.ends) break;
    }
    cursor.skipSpace(opening.indent);
    lines.push(cursor.rest());
  }
  return { lines, ends };
}

function closesFence(cursor: LineCursor, { marker, length }: Opening): boolean {
  if (cursor.indent() > 3) return false;
  let at = cursor.next();
  const start = at;
  while (cursor.text[at] === marker) at += 1;
  return at - start >= length && /^[ \t]*$/.test(cursor.text.slice(at));
}
