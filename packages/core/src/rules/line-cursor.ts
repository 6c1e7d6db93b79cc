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
