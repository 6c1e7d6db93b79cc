import { hintFor } from "./hints.ts";

/** Characters of a line that are shown around the place of an error. */
const EXCERPT_BEFORE = 80;
const EXCERPT_AFTER = 40;

interface Place {
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Why code is not Python, for the model: where it is, its own line with a caret, and how to write it instead. */
export function syntaxMessage(code: string, at: number): string {
  const place = placeOf(code, at);
  const words = `SyntaxError: invalid syntax (line ${place.line}, column ${place.column})`;
  const hint = hintFor(place.text);
  return [words, ...excerpt(place), ...(hint === null ? [] : [hint])].join("\n");
}

/** The hint alone, for an error that Python itself words; `null` where there is nothing to say. */
export function syntaxHint(code: string, at: number): string | null {
  const place = placeOf(code, at);
  return hintFor(place.text);
}

function placeOf(code: string, at: number): Place {
  const before = code.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  const end = code.indexOf("\n", at);
  const text = code.slice(start, end === -1 ? code.length : end).replace(/\r$/, "");
  return { line: before.split("\n").length, column: at - start + 1, text };
}

function excerpt({ line, column, text }: Place): string[] {
  if (text.trim() === "") return [];
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
