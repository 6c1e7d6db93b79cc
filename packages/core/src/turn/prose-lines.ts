import { splitLines } from "./fences.ts";

/** Three words or more that begin like a sentence, with nothing in them that code has and prose has not. */
const PROSE = /^[ \t]*[A-Z][\w'’]*,?(?:[ \t]+[\w'’"/%.-]+[,;:]?){2,}[.:!?]?[ \t]*$/;

/** Code that holds lines of prose: the first of them, and the code without them. `null` where there are none. */
export function proseIn(
  code: string,
): { readonly line: number; readonly text: string; readonly rest: string } | null {
  const lines = splitLines(code);
  const first = lines.findIndex((line) => PROSE.test(line));
  if (first === -1) return null;
  const rest = lines.map((line) => (PROSE.test(line) ? "" : line)).join("\n");
  return { line: first + 1, text: (lines[first] ?? "").trim(), rest };
}
