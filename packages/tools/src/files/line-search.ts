import { RLMError } from "@rlmflow/core";
import { RE2JS } from "re2js";

const MAX_PATTERN = 1_000;
const MAX_PROGRAM = 5_000;
const MAX_SHOWN = 500;

/** Instructions times characters that one line may cost: some 200 ms at worst. */
const LINE_WORK = 4_000_000;

/** Finds lines by a regular expression in linear time (RE2 syntax: no look-around, no back-references). */
export interface LineSearch {
  /** Characters of a line that are searched; what comes after them is not. */
  readonly maxLine: number;
  /** The line, or the 500 characters around the match in a long one, or `null`. */
  find(line: string): string | null;
}

/** Compiles a pattern that code wrote. Throws `refused` with what is wrong with it. */
export function compileLineSearch(pattern: string): LineSearch {
  if (pattern.length > MAX_PATTERN) throw refused(pattern, `it is longer than ${MAX_PATTERN} characters`);
  const expression = compile(pattern);
  const size = expression.programSize();
  if (size > MAX_PROGRAM) throw refused(pattern, "its repetitions multiply to too many; use smaller numbers");
  const maxLine = Math.floor(LINE_WORK / size);
  return { maxLine, find: (line) => find(expression, line.length > maxLine ? line.slice(0, maxLine) : line) };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw refused(pattern, cause instanceof Error ? cause.message : String(cause));
  }
}

function refused(pattern: string, reason: string): RLMError {
  const shown = JSON.stringify(pattern.length > 100 ? `${pattern.slice(0, 100)}…` : pattern);
  return new RLMError(
    "refused",
    `grep cannot use the pattern ${shown}: ${reason}. Patterns are regular expressions of RE2: no look-around, no back-references; "(?i)" at the start ignores case; escape . * + ? ( ) [ { \\ | ^ $ to find them.`,
  );
}

function find(expression: RE2JS, line: string): string | null {
  if (!expression.test(line)) return null;
  if (line.length <= MAX_SHOWN) return line;
  const matcher = expression.matcher(line);
  const at = matcher.find() ? matcher.start() : 0;
  const from = Math.max(0, Math.min(at - 100, line.length - MAX_SHOWN));
  const shown = line.slice(from, from + MAX_SHOWN).toWellFormed();
  return `${from > 0 ? "…" : ""}${shown}${from + MAX_SHOWN < line.length ? "…" : ""}`;
}
