const TAB_STOP = 4;

/**
 * Reads one line of Markdown from left to right in columns, a tab reaching to the next multiple of four.
 * A tab may be taken in part: what is left of it counts as spaces.
 */
export class LineCursor {
  readonly text: string;
  /** Index of the next character. */
  offset = 0;
  #column = 0;
  /** Columns of the tab before `offset` that are not taken yet. */
  #pending = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Columns of white space from here to the next other character or the end. */
  indent(): number {
    let column = this.#column + this.#pending;
    for (let at = this.offset; at < this.text.length; at += 1) {
      const character = this.text[at];
      if (character === " ") column += 1;
      else if (character === "\t") column += TAB_STOP - (column % TAB_STOP);
      else break;
    }
    return column - this.#column;
  }

  /** Takes up to this many columns of white space. */
  skipSpace(columns: number): void {
    let left = columns;
    while (left > 0) {
      if (this.#pending === 0 && !this.#openSpace()) return;
      const taken = Math.min(left, this.#pending);
      this.#pending -= taken;
      this.#column += taken;
      left -= taken;
    }
  }

  /** Takes this many characters, none of them white space. */
  skipCharacters(count: number): void {
    this.offset += count;
    this.#column += count;
  }

  /** Index of the next character that is not white space; the length of the line when there is none. */
  next(): number {
    let at = this.offset;
    while (this.text[at] === " " || this.text[at] === "\t") at += 1;
    return at;
  }

  /** True when only white space is left. */
  blank(): boolean {
    return this.next() === this.text.length;
  }

  /** What is left of the line, the rest of a tab taken in part as spaces. */
  rest(): string {
    return " ".repeat(this.#pending) + this.text.slice(this.offset);
  }

  #openSpace(): boolean {
    const character = this.text[this.offset];
    if (character !== " " && character !== "\t") return false;
    this.#pending = character === " " ? 1 : TAB_STOP - (this.#column % TAB_STOP);
    this.offset += 1;
    return true;
  }
}

/** A block quote, or a list item whose content stands `width` columns in. */
export type Container =
  | { readonly kind: "quote" }
  | { readonly kind: "item"; readonly width: number; readonly startsBlank: boolean };

/** Deeper nesting than this is read as text, so that a hostile line cannot make every later one expensive. */
export const MAX_CONTAINERS = 64;

const BULLET = "-+*";
const ORDERED = /[0-9]{1,9}[.)]/y;
const THEMATIC_BREAK = /^(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;

/**
 * Takes the marks of the open containers from the line and says how many of them it continues.
 * With `loose` a line that is indented too little still belongs to its list item.
 */
export function matchContainers(
  cursor: LineCursor,
  containers: readonly Container[],
  loose: boolean = false,
): number {
  let matched = 0;
  for (const container of containers) {
    const goesOn =
      container.kind === "quote" ? takeQuoteMark(cursor) : continueItem(cursor, container, loose);
    if (!goesOn) break;
    matched += 1;
  }
  return matched;
}

/** Takes the mark of a container that begins here, if one does. */
export function openContainer(cursor: LineCursor, interruptsParagraph: boolean): Container | null {
  if (takeQuoteMark(cursor)) return { kind: "quote" };
  return openItem(cursor, interruptsParagraph);
}

function takeQuoteMark(cursor: LineCursor): boolean {
  const indent = cursor.indent();
  if (indent > 3 || cursor.text[cursor.next()] !== ">") return false;
  cursor.skipSpace(indent);
  cursor.skipCharacters(1);
  cursor.skipSpace(1);
  return true;
}

function continueItem(
  cursor: LineCursor,
  item: Extract<Container, { kind: "item" }>,
  loose: boolean,
): boolean {
  if (cursor.blank()) {
    if (item.startsBlank) return false;
    cursor.skipSpace(item.width);
    return true;
  }
  if (cursor.indent() < item.width && !loose) return false;
  cursor.skipSpace(item.width);
  return true;
}

function openItem(cursor: LineCursor, interruptsParagraph: boolean): Container | null {
  const marker = listMarker(cursor.text, cursor.next());
  if (marker === "" || isThematicBreak(cursor.text.slice(cursor.next()))) return null;
  const after = cursor.text.slice(cursor.next() + marker.length);
  if (!/^(?:[ \t]|$)/.test(after)) return null;
  const startsBlank = /^[ \t]*$/.test(after);
  if (interruptsParagraph && (startsBlank || (marker.length > 1 && !/^1[.)]$/.test(marker)))) return null;
  const indent = cursor.indent();
  cursor.skipSpace(indent);
  cursor.skipCharacters(marker.length);
  const space = cursor.indent();
  const padding = startsBlank || space > 4 ? 1 : space;
  cursor.skipSpace(padding);
  return { kind: "item", width: indent + marker.length + padding, startsBlank };
}

function listMarker(text: string, at: number): string {
  const character = text[at];
  if (character !== undefined && BULLET.includes(character)) return character;
  ORDERED.lastIndex = at;
  return ORDERED.exec(text)?.[0] ?? "";
}

/** True for `***`, `- - -`, `___` and the like, the line's indentation taken off. */
export function isThematicBreak(text: string): boolean {
  return THEMATIC_BREAK.test(text);
}
