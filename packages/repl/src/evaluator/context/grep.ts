import { PIECE } from "../../wire/evaluator-spec.ts";
import {
  append,
  bareList,
  charCodeAt,
  handOver,
  larger,
  smaller,
  stringIndexOf,
  stringLastIndexOf,
  stringSlice,
} from "../realm/primordials.ts";
import { countBreaks } from "./line-index.ts";
import { type LineMatcher, lineMatcher, type Match } from "./line-matcher.ts";
import type { Payload } from "./payload.ts";

/** A line in which a pattern was found. */
export interface GrepHit {
  /** Number of the line, from 0. */
  readonly line: number;
  /** Position of the match in the payload. */
  readonly start: number;
  /** The line; of a long one the part around the match. */
  readonly text: string;
}

const MAX_TEXT = 500;
const BEFORE_MATCH = 150;
/** How far the parts of a line that is longer than a piece overlap: longer matches may be missed there. */
const OVERLAP = 1_000;

/**
 * Lines that match, at most `max`. A long line gives several hits where the shown parts do not overlap.
 * Time is linear in the payload; memory is two pieces and the hits.
 */
export function grep(payload: Payload, pattern: unknown, max: number): GrepHit[] {
  const matcher = lineMatcher(pattern);
  const hits = bareList<GrepHit>();
  let line = 0;
  let from = payload.textStart;
  for (let at = from; at < payload.characters && hits.length < max; ) {
    const window = readWindow(payload, at);
    const search: WindowSearch = { payload, matcher, window: window.text, at, line, max, hits };
    from = searchWindow(search, from > at ? from - at : 0) + at;
    line += countBreaks(stringSlice(window.text, 0, window.advance));
    at += window.advance;
  }
  return handOver(hits);
}

interface WindowSearch {
  readonly payload: Payload;
  readonly matcher: LineMatcher;
  readonly window: string;
  /** Position and line at which the window begins. */
  readonly at: number;
  readonly line: number;
  readonly max: number;
  readonly hits: GrepHit[];
}

/** Whole lines where they fit into a piece, else part of one line. */
function readWindow(payload: Payload, at: number): { readonly text: string; readonly advance: number } {
  const end = smaller(at + PIECE, payload.characters);
  const text = payload.units(at, end);
  if (end === payload.characters) return { text, advance: text.length };
  const lastBreak = stringLastIndexOf(text, "\n");
  if (lastBreak === -1) return { text, advance: text.length - OVERLAP };
  return { text: stringSlice(text, 0, lastBreak + 1), advance: lastBreak + 1 };
}

/** Adds the hits of a window; gives where in it the next search may begin. */
function searchWindow(search: WindowSearch, from: number): number {
  const { window, matcher, hits, max } = search;
  // A match in the whole window may run over the end of a line; but where there is none, no line has one.
  let found = matcher.find(window, from);
  let next = from;
  let line = search.line + countBreaks(stringSlice(window, 0, next));
  while (found !== null && hits.length < max) {
    const start = lineStart(window, found.index);
    line += countBreaks(stringSlice(window, next, start));
    const bounds = { start, end: lineEnd(window, start) };
    const at = larger(start, next);
    const match = matcher.inLine === null ? found : matchInLine(matcher.inLine, window, bounds, at);
    const shownTo = match === null ? bounds.end : addHit(search, bounds, match, line);
    next = smaller(shownTo, bounds.end);
    found = nextMatch(search, next, bounds.end);
  }
  return next;
}

interface LineBounds {
  readonly start: number;
  /** Position of the line break, or the end of the window. */
  readonly end: number;
}

/** Where to look next: a literal anywhere, an expression in this line's rest or in the next line. */
function nextMatch(search: WindowSearch, next: number, end: number): Match | null {
  const { window, matcher } = search;
  if (matcher.inLine === null) return next >= window.length ? null : matcher.find(window, next);
  if (next < end) return { index: next, length: 0 };
  return end + 1 < window.length ? { index: end + 1, length: 0 } : null;
}

function matchInLine(
  inLine: NonNullable<LineMatcher["inLine"]>,
  window: string,
  bounds: LineBounds,
  at: number,
): Match | null {
  const line = withoutReturn(stringSlice(window, bounds.start, bounds.end));
  const from = at - bounds.start;
  const match = from > line.length ? null : inLine(line, from);
  return match === null ? null : { index: match.index + bounds.start, length: match.length };
}

/** Adds a hit and gives where its shown text ends. */
function addHit(search: WindowSearch, bounds: LineBounds, match: Match, line: number): number {
  const { payload, window, at, hits } = search;
  const long = bounds.end - bounds.start > MAX_TEXT;
  const wanted =
    long && match.index - BEFORE_MATCH > bounds.start ? match.index - BEFORE_MATCH : bounds.start;
  const start = payload.snap(at + wanted) - at;
  const limit = start + MAX_TEXT;
  const end = payload.snap(at + smaller(limit, bounds.end)) - at;
  payload.reads.add(at + start, at + end);
  append(hits, { line, start: at + match.index, text: withoutReturn(stringSlice(window, start, end)) });
  return end > match.index ? end : match.index + 1;
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : stringLastIndexOf(text, "\n", at - 1) + 1;
}

function lineEnd(text: string, start: number): number {
  const end = stringIndexOf(text, "\n", start);
  return end === -1 ? text.length : end;
}

/** The line without the carriage return of a Windows line break. */
export function withoutReturn(line: string): string {
  const last = line.length - 1;
  return last >= 0 && charCodeAt(line, last) === 13 ? stringSlice(line, 0, last) : line;
}
