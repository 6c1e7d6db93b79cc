/** Characters of a line that are shown around the place of an error. */
const EXCERPT_BEFORE = 80;
const EXCERPT_AFTER = 40;

/** The place of an error in a text, lines and columns counted from 1. */
export interface CodePlace {
  readonly line: number;
  readonly column: number;
  /** The whole line. */
  readonly text: string;
}

/** The line of the place, cut to what is near it, and a caret below: two lines that no character of it can break. */
export function codeExcerpt({ line, column, text }: CodePlace): readonly string[] {
  const from = Math.max(0, column - 1 - EXCERPT_BEFORE);
  const to = column - 1 + EXCERPT_AFTER;
  const before = printable(text.slice(from, column - 1));
  const label = `  ${line} | ${from > 0 ? "…" : ""}`;
  const shown = `${before}${printable(text.slice(column - 1, to))}${to < text.length ? "…" : ""}`;
  return [`${label}${shown}`, `${" ".repeat(label.length)}${before.replace(/[^\t]/g, " ")}^`];
}

/** Control characters would move the caret or the terminal. */
function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === "\t" ? "\t" : "\uFFFD"));
}
