import {
  isRegExp,
  lowerCase,
  RegExpConstructor,
  regExpExec,
  regExpFlag,
  regExpSource,
  stringIndexOf,
  stringSlice,
  TypeErrorConstructor,
} from "../realm/primordials.ts";
import { foldCase } from "./fold-case.ts";
import { literalSearch } from "./literal-search.ts";
import { requiredLiteral } from "./required-literal.ts";

/** Where a pattern matches first at or after `from`, or `null`. */
export interface Match {
  readonly index: number;
  readonly length: number;
}

/** A pattern made ready. Both take time linear in the text, whatever the pattern. */
export interface LineMatcher {
  /** In whole lines. For an expression only whether and from where on there may be one: see `inLine`. */
  find(text: string, from: number): Match | null;
  /** In one line; `null` for a pattern whose `find` is exact. */
  readonly inLine: ((line: string, from: number) => Match | null) | null;
}

const MAX_PATTERN = 1_000;

/** A string is searched for as it is; a regular expression runs on the engine that never backtracks. */
export function lineMatcher(pattern: unknown): LineMatcher {
  if (typeof pattern === "string") return literalMatcher(pattern);
  if (!isRegExp(pattern)) throw new TypeErrorConstructor("grep takes a string or a regular expression");
  const source = regExpSource(pattern);
  if (source.length > MAX_PATTERN) throw tooLong();
  if (regExpFlag.unicode(pattern) || regExpFlag.unicodeSets(pattern)) {
    throw new TypeErrorConstructor("grep takes no regular expressions with the flag u or v; leave it out");
  }
  if (needsLineBreak(source)) throw oneLineAtATime();
  return regExpMatcher(source, regExpFlag.ignoreCase(pattern));
}

/** True when every match would hold a line break. One that may be left out, or is one of several ways, does no harm. */
function needsLineBreak(source: string): boolean {
  if (stringIndexOf(source, "|") !== -1) return false;
  let inClass = false;
  for (let at = 0; at < source.length; at += 1) {
    const isEscape = charAt(source, at) === "\\";
    const sign = isEscape ? charAt(source, at + 1) : charAt(source, at);
    if (isEscape) at += 1;
    else if (sign === "[") inClass = true;
    else if (sign === "]") inClass = false;
    if (inClass || !(sign === "\n" || (isEscape && sign === "n"))) continue;
    const next = charAt(source, at + 1);
    if (next !== "?" && next !== "*" && next !== "{") return true;
  }
  return false;
}

function charAt(text: string, at: number): string {
  return stringSlice(text, at, at + 1);
}

function oneLineAtATime(): Error {
  return new TypeErrorConstructor(
    "grep looks at one line at a time, so a pattern with a line break finds nothing: look for one of the lines, or search in CONTEXT.text()",
  );
}

function literalMatcher(literal: string): LineMatcher {
  if (literal === "") throw new TypeErrorConstructor("grep needs a pattern that is not empty");
  if (literal.length > MAX_PATTERN) throw tooLong();
  if (stringIndexOf(literal, "\n") !== -1) {
    throw oneLineAtATime();
  }
  const search = literalSearch(literal);
  const find = (text: string, from: number): Match | null => {
    const index = search(text, from);
    return index === -1 ? null : { index, length: literal.length };
  };
  return { find, inLine: null };
}

/** The text as a whole is searched with `m`: where that finds nothing, no line has a match. */
function regExpMatcher(source: string, ignoreCase: boolean): LineMatcher {
  const folded = ignoreCase ? foldCase(source) : source;
  const inText = linearExpression(folded, "lgm", source);
  const inLine = linearExpression(folded, "lg", source);
  const mayMatch = possibility(source, ignoreCase);
  return {
    find: (text, from) => (mayMatch(text) ? firstMatch(inText, text, from) : null),
    inLine: (line, from) => firstMatch(inLine, line, from),
  };
}

/** A quick look whether a text can hold a match at all. */
function possibility(source: string, ignoreCase: boolean): (text: string) => boolean {
  const literal = requiredLiteral(source);
  if (literal === "" || (ignoreCase && regExpExec(ASCII, literal) === null)) return () => true;
  const search = literalSearch(ignoreCase ? lowerCase(literal) : literal);
  return (text) => search(ignoreCase ? lowerCase(text) : text, 0) !== -1;
}

const ASCII = /^[ -~]+$/;

function firstMatch(expression: RegExp, text: string, from: number): Match | null {
  expression.lastIndex = from;
  const match = regExpExec(expression, text);
  return match === null ? null : { index: match.index, length: match[0].length };
}

function linearExpression(source: string, flags: string, shown: string): RegExp {
  if (!hasLinearEngine()) {
    throw new TypeErrorConstructor(
      "this sandbox cannot run regular expressions in linear time; give grep a string, and filter its hits",
    );
  }
  try {
    return new RegExpConstructor(source, flags);
  } catch {
    throw new TypeErrorConstructor(
      `grep cannot run /${shown}/ in linear time: leave out lookaround, backreferences and large counts like {50}`,
    );
  }
}

/** V8 knows the flag `l` when it was started with --enable-experimental-regexp-engine. */
function hasLinearEngine(): boolean {
  try {
    return new RegExpConstructor("a", "l") !== null;
  } catch {
    return false;
  }
}

function tooLong(): Error {
  return new TypeErrorConstructor(`grep takes patterns of at most ${MAX_PATTERN} characters`);
}
