import { regExpExec, stringIndexOf, stringSlice } from "../realm/primordials.ts";

/** A character that stands for itself: plain, or a sign behind a backslash. */
const LITERAL = /^(?:[^\\^$.*+?()[\]{}|]|\\[^A-Za-z0-9])/;
/** What is one piece and stands for no fixed text: a class, a count, an escape. */
const OTHER =
  /^(?:\[(?:[^\]\\]|\\[\s\S])*\]|\{[\d,]*\}|\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|[\s\S]))/;

/**
 * The longest text that every match of the expression holds, as far as it is easy to see; empty when none
 * is. Searching for it first spares the slow search where it is not.
 */
export function requiredLiteral(source: string): string {
  let best = "";
  let run = "";
  let depth = 0;
  const endRun = (): void => {
    if (run.length > best.length) best = run;
    run = "";
  };
  for (let at = 0; at < source.length; ) {
    const rest = stringSlice(source, at);
    const literal = regExpExec(LITERAL, rest)?.[0];
    const token = literal ?? regExpExec(OTHER, rest)?.[0] ?? stringSlice(rest, 0, 1);
    at += token.length;
    if (token === "|" && depth === 0) return "";
    if (token === "(") depth += 1;
    if (token === ")") depth -= 1;
    const next = stringSlice(source, at, at + 1);
    const optional = next !== "" && stringIndexOf("*?{", next) !== -1;
    if (literal === undefined || depth > 0 || optional) endRun();
    else run += stringSlice(literal, literal.length - 1);
    if (next === "+") endRun();
  }
  endRun();
  return best;
}
