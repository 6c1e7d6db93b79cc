// Where errors come from, in the model's own lines.
//
// Owns: `Error.prepareStackTrace` of the realm, fixed for good. Invariants: (1) a stack names blocks
// and nothing of the host; (2) guests never get a call site; (3) formatting never throws for what an
// error's getters do.

import { className } from "./class-name.ts";
import { readText } from "./guarded-read.ts";
import {
  append,
  bareList,
  defineFixed,
  defineValue,
  ErrorConstructor,
  reflectApply,
  reflectDeleteProperty,
  regExpExec,
  stringIndexOf,
  stringSlice,
  TypeErrorConstructor,
  WeakMapConstructor,
  weakMapGet,
  weakMapSet,
} from "./primordials.ts";

/** A place in a block: `block` counts the blocks of the REPL from 1, `line` the model's own lines from 1. */
export interface Frame {
  readonly block: number;
  readonly line: number;
  /** In the line as it ran, from 1: rewriting moves columns. */
  readonly column: number;
  readonly functionName: string;
}

type CallSites = readonly NodeJS.CallSite[];

const SOURCE_PREFIX = "repl:";
const frames = new WeakMapConstructor<object, readonly Frame[]>();

/** The name under which the engine knows the source of a block, which begins with `lineOffset` lines of ours. */
export function sourceName(block: number, lineOffset: number): string {
  return `${SOURCE_PREFIX}${block}:${lineOffset}`;
}

/** The frames of an error that lie in blocks, innermost first; empty when unknown. */
export function framesOf(error: unknown): readonly Frame[] {
  if (typeof error !== "object" || error === null) return [];
  if (weakMapGet(frames, error) === undefined) readText(error, "stack");
  return weakMapGet(frames, error) ?? [];
}

/** The frames of whoever runs now. */
export function currentFrames(): readonly Frame[] {
  return framesOf(new ErrorConstructor());
}

/** Makes an error point to other lines than those that made it. */
export function placeError(error: Error, at: readonly Frame[]): void {
  weakMapSet(frames, error, at);
  defineValue(error, "stack", stackText(error, at), false);
}

/** Takes over the formatting of stacks in this realm. Call it once, before any guest code. */
export function installStackFormat(): void {
  const methods = callSiteMethods();
  const toFrame = (site: NodeJS.CallSite): Frame | null => {
    const source = reflectApply(methods.source, site, []);
    if (typeof source !== "string" || stringIndexOf(source, SOURCE_PREFIX) !== 0) return null;
    const name = reflectApply(methods.name, site, []);
    const colon = stringIndexOf(source, ":", SOURCE_PREFIX.length);
    return {
      block: +stringSlice(source, SOURCE_PREFIX.length, colon),
      line: (reflectApply(methods.line, site, []) ?? 0) - +stringSlice(source, colon + 1),
      column: reflectApply(methods.column, site, []) ?? 0,
      functionName: typeof name === "string" && name !== "eval" ? name : "",
    };
  };
  defineFixed(ErrorConstructor, "prepareStackTrace", (error: object, sites: CallSites): string => {
    const own = bareList<Frame>();
    for (let i = 0; i < sites.length; i += 1) {
      const site = sites[i];
      const frame = site === undefined ? null : toFrame(site);
      if (frame !== null) append(own, frame);
    }
    weakMapSet(frames, error, own);
    return stackText(error, own);
  });
}

interface CallSiteMethods {
  readonly source: (this: NodeJS.CallSite) => string | null;
  readonly name: (this: NodeJS.CallSite) => string | null;
  readonly line: (this: NodeJS.CallSite) => number | null;
  readonly column: (this: NodeJS.CallSite) => number | null;
}

function callSiteMethods(): CallSiteMethods {
  let first: NodeJS.CallSite | undefined;
  const previous = ErrorConstructor.prepareStackTrace;
  ErrorConstructor.prepareStackTrace = (_error, sites) => {
    first = sites[0];
    return "";
  };
  readText(new ErrorConstructor(), "stack");
  if (previous === undefined) reflectDeleteProperty(ErrorConstructor, "prepareStackTrace");
  else ErrorConstructor.prepareStackTrace = previous;
  if (first === undefined) throw new TypeErrorConstructor("this engine gives no call sites");
  return {
    source: first.getScriptNameOrSourceURL,
    name: first.getFunctionName,
    line: first.getLineNumber,
    column: first.getColumnNumber,
  };
}

function stackText(error: object, at: readonly Frame[]): string {
  let text = headline(error);
  for (let i = 0; i < at.length; i += 1) {
    const frame = at[i];
    if (frame === undefined) continue;
    const where = `block ${frame.block}, line ${frame.line}`;
    text += frame.functionName === "" ? `\n    at ${where}` : `\n    at ${frame.functionName} (${where})`;
  }
  return text;
}

/** The name of an error; of a class that did not set one, the name of the class. */
export function errorName(error: object): string {
  const name = readText(error, "name") ?? "Error";
  if (name !== "Error") return name;
  try {
    return className(error) || name;
  } catch {
    return name;
  }
}

const PLACE = /\n {4}at (?:(.{0,200}?) \()?block (\d{1,9}), line (\d{1,9})\)?(?=\n|$)/;
const MOST_READ = 10_000;

/** The frames that stand in the text of a stack, as {@link installStackFormat} writes it. */
export function framesIn(stack: string): readonly Frame[] {
  const found = bareList<Frame>();
  let rest = stringSlice(stack, 0, MOST_READ);
  for (let match = regExpExec(PLACE, rest); match !== null; match = regExpExec(PLACE, rest)) {
    append(found, {
      block: +(match[2] ?? 0),
      line: +(match[3] ?? 0),
      column: 0,
      functionName: match[1] ?? "",
    });
    rest = stringSlice(rest, match.index + match[0].length);
  }
  return found;
}

/** Name and message of an error in one line, read with care. */
export function headline(error: object): string {
  const name = errorName(error);
  const message = readText(error, "message") ?? "";
  return message === "" ? name : `${name}: ${message}`;
}
