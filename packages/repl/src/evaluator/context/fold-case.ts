// The flag `i` written out, for an engine that does not know it.
import {
  append,
  bareList,
  charCodeAt,
  fromCharCode,
  joinList,
  larger,
  lowerCase,
  regExpExec,
  smaller,
  stringSlice,
  upperCase,
} from "../realm/primordials.ts";

/** A name of a group, an escape of more than one character, or a range in a class. */
const ESCAPE = /^\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|[\s\S])/;
const GROUP_NAME = /^\(\?<[A-Za-z_$][\w$]*>/;

/** The pattern with every letter replaced by a class of its two cases. Ranges are widened for A to Z only. */
export function foldCase(source: string): string {
  const parts = bareList<string>();
  let inClass = false;
  for (let at = 0; at < source.length; ) {
    const rest = stringSlice(source, at, at + 200);
    const token =
      regExpExec(ESCAPE, rest)?.[0] ?? regExpExec(GROUP_NAME, rest)?.[0] ?? stringSlice(rest, 0, 1);
    const range = inClass ? rangeAt(source, at, token) : null;
    if (range !== null) {
      append(parts, range.folded);
      at += range.length;
      continue;
    }
    append(parts, foldToken(token, inClass));
    at += token.length;
    if (token === "[") inClass = true;
    if (token === "]") inClass = false;
  }
  return joinList(parts, "");
}

function foldToken(token: string, inClass: boolean): string {
  if (token.length !== 1) return token;
  const lower = lowerCase(token);
  const upper = upperCase(token);
  if (lower === upper || lower.length !== 1 || upper.length !== 1) return token;
  return inClass ? lower + upper : `[${lower}${upper}]`;
}

interface FoldedRange {
  readonly folded: string;
  readonly length: number;
}

/** A range of plain characters such as `a-f`, with the same letters of the other case beside it. */
function rangeAt(source: string, at: number, token: string): FoldedRange | null {
  if (token.length !== 1 || stringSlice(source, at + 1, at + 2) !== "-") return null;
  const last = stringSlice(source, at + 2, at + 3);
  if (last === "" || last === "]" || last === "\\") return null;
  const from = charCodeAt(token, 0);
  const to = charCodeAt(last, 0);
  const folded = `${token}-${last}${shifted(from, to, 97, 122, -32)}${shifted(from, to, 65, 90, 32)}`;
  return { folded, length: 3 };
}

/** The part of a range that lies within `low` to `high`, moved to the other case. */
function shifted(from: number, to: number, low: number, high: number, by: number): string {
  const a = larger(from, low);
  const b = smaller(to, high);
  return a > b ? "" : `${fromCharCode(a + by)}-${fromCharCode(b + by)}`;
}
