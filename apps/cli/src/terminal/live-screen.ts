/*
 * Owns: the lines at the end of a terminal that are drawn again and again, and the cursor while they are.
 * Does not own: the text of the lines, and when they are drawn.
 *
 * 1. The lines drawn are never higher than the terminal; no line above them is touched.
 * 2. A line that has not changed is not written again; a frame without a change writes nothing.
 * 3. The cursor is hidden from the first frame to `close`, and shown again when the process ends without one.
 */

/** The part of a terminal's stream that is needed. */
export interface Screen {
  write(text: string): unknown;
}

const CSI = `${String.fromCharCode(0x1b)}[`;
const HIDE_CURSOR = `${CSI}?25l`;
const SHOW_CURSOR = `${CSI}?25h`;
const CLEAR_TO_END_OF_LINE = `${CSI}K`;
const CLEAR_BELOW = `${CSI}J`;

/** Draws frames of lines over each other. Each line must fit the terminal's width. */
export class LiveScreen {
  readonly #screen: Screen;
  #drawn: readonly string[] = [];
  #isOpen = false;
  readonly #showCursor = () => {
    this.#screen.write(SHOW_CURSOR);
  };

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Brings the terminal from the last frame to this one. */
  draw(lines: readonly string[]): void {
    const opening = this.#isOpen ? "" : HIDE_CURSOR;
    const changes = this.#changes(lines);
    if (opening + changes === "") return;
    this.#open();
    this.#screen.write(opening + changes);
    this.#drawn = lines;
  }

  /** Takes the lines away, for something else to be written in their place or before a frame of another width. */
  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#screen.write(`${up(this.#drawn.length)}${CLEAR_BELOW}`);
    this.#drawn = [];
  }

  /** Takes the lines away and gives the cursor back. */
  close(): void {
    this.clear();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.#showCursor);
    this.#showCursor();
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    process.on("exit", this.#showCursor);
  }

  #changes(lines: readonly string[]): string {
    const isSame =
      lines.length === this.#drawn.length && lines.every((line, row) => line === this.#drawn[row]);
    if (isSame) return "";
    const rows = lines.map((line, row) =>
      line === this.#drawn[row] ? "\n" : `\r${line}${CLEAR_TO_END_OF_LINE}\n`,
    );
    const rest = lines.length < this.#drawn.length ? CLEAR_BELOW : "";
    return `${up(this.#drawn.length)}${rows.join("")}${rest}`;
  }
}

function up(rows: number): string {
  return rows === 0 ? "\r" : `\r${CSI}${rows}A`;
}
