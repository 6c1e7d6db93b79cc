// The line that failed, written as it was meant: it can be copied, with the model's own names in it.
//
// Invariants: (1) the line is looked at, never run; (2) where it does not say enough, nothing is suggested.
import {
  append,
  bare,
  bareList,
  joinList,
  ownValue,
  regExpExec,
  stringIndexOf,
  stringSlice,
} from "../realm/primordials.ts";

/** How an excerpt gives the first line: `Sources` writes it so. */
const FIRST_LINE = /^\n {2}at [^\n]*\n {4}([^\n…]{1,200})(?:\n|$)/;
const PROMISE_NAME = /^This is a promise, not its value: await it first, as in \(await …\)\.([\w$]+)$/;
const HANDLE_NAME = /^A handle has no ([\w$]+): await the handle/;
const DELEGATE = /\bdelegate\(/;
const NAMED = /^\s*["']?(name|query|task|prompt)["']?\s*:\s*(\S[\s\S]*)$/;
const OPENING = "([{";
const CLOSING = ")]}";
const QUOTES = "\"'`";

interface Arguments {
  readonly list: readonly string[];
  /** The place behind the closing parenthesis. */
  readonly end: number;
}

/** The line that does what the failing one meant, as a sentence; empty where that is not known. */
export function ownLine(message: string, excerpt: string): string {
  const line = message.length > 2_000 ? undefined : regExpExec(FIRST_LINE, excerpt)?.[1];
  if (line === undefined) return "";
  const meant = awaited(line, message) || delegated(line, message);
  return meant === "" ? "" : `Write: ${meant}`;
}

/** What a call of the name was given first, as it is written there; empty where that is not known. */
export function firstArgument(name: string, excerpt: string): string {
  const line = regExpExec(FIRST_LINE, excerpt)?.[1] ?? "";
  const at = stringIndexOf(line, `${name}(`);
  return (at === -1 ? undefined : argumentsAt(line, at + name.length + 1)?.list[0]) ?? "";
}

function awaited(line: string, message: string): string {
  const ofPromise = regExpExec(PROMISE_NAME, message)?.[1];
  const name = ofPromise ?? regExpExec(HANDLE_NAME, message)?.[1];
  if (name === undefined) return "";
  const end = stringIndexOf(line, `.${name}`);
  if (end === -1 || stringIndexOf(line, `.${name}`, end + 1) !== -1) return "";
  const start = startOfValue(line, end);
  const before = stringSlice(line, 0, start);
  if (start === end || regExpExec(/=>|\bfunction\b/, before) !== null) return "";
  const rest = stringSlice(line, ofPromise === undefined ? end + name.length + 1 : end);
  const value = `await ${stringSlice(line, start, end)}`;
  return `${before}${regExpExec(/^[.[(]/, rest) === null ? value : `(${value})`}${rest}`;
}

/** Where the value begins that ends at a place: a name, perhaps with members, indices and calls. */
function startOfValue(line: string, end: number): number {
  for (let start = 0; start < end; start += 1) {
    const text = stringSlice(line, start, end);
    const before = start === 0 ? " " : stringSlice(line, start - 1, start);
    if (regExpExec(/[\w$.]/, before) === null && isValue(text)) return start;
  }
  return end;
}

function isValue(text: string): boolean {
  const name = regExpExec(/^[A-Za-z_$][\w$]*/, text)?.[0];
  if (name === undefined) return false;
  let at = name.length;
  while (at < text.length) {
    const member = regExpExec(/^\.[A-Za-z_$][\w$]*/, stringSlice(text, at))?.[0];
    const opens = regExpExec(/^[([]/, stringSlice(text, at)) !== null;
    const next =
      member === undefined ? (opens ? argumentsAt(text, at + 1)?.end : undefined) : at + member.length;
    if (next === undefined) return false;
    at = next;
  }
  return true;
}

function delegated(line: string, message: string): string {
  if (regExpExec(/^(?:delegate\(name, query|the options of delegate are)/, message) === null) return "";
  const call = regExpExec(DELEGATE, line);
  if (call === null) return "";
  const start = call.index + call[0].length;
  const given = argumentsAt(line, start);
  if (given === undefined) return "";
  const meant = meantArguments(given.list, message);
  return meant === "" ? "" : `${stringSlice(line, 0, start)}${meant})${stringSlice(line, given.end)}`;
}

function meantArguments(given: readonly string[], message: string): string {
  const first = given[0] ?? "";
  const second = given[1] ?? "";
  if (given.length === 3) {
    const isOption = stringIndexOf(message, "the options of delegate") === 0;
    return isOption ? `${first}, ${second}, { context: ${given[2]} }` : "";
  }
  if (given.length === 2) {
    const isTask = stringIndexOf(message, "the name comes first") !== -1;
    return isTask ? `"part", ${first}, { context: ${second} }` : "";
  }
  if (given.length !== 1) return "";
  if (stringSlice(first, 0, 1) === "{") return fromObject(first);
  return regExpExec(/^["'`]/, first) === null ? "" : `"part", ${first}`;
}

/** `{ name: "a", query: "b", context: c }` as arguments by their places. */
function fromObject(object: string): string {
  const parts = argumentsAt(object, 1);
  if (parts === undefined || parts.end !== object.length) return "";
  const found: Record<string, string> = bare({});
  const rest = bareList<string>();
  for (let i = 0; i < parts.list.length; i += 1) {
    const part = parts.list[i] ?? "";
    const named = regExpExec(NAMED, part);
    if (named === null) append(rest, part);
    else found[named[1] === "name" ? "name" : "query"] = named[2] ?? "";
  }
  const query = ownValue(found, "query");
  if (typeof query !== "string") return "";
  const name = ownValue(found, "name") ?? '"part"';
  return `${name}, ${query}${rest.length === 0 ? "" : `, { ${joinList(rest, ", ")} }`}`;
}

/** What stands between a place behind an opening bracket and the one that closes it, parted at its commas. */
function argumentsAt(line: string, start: number): Arguments | undefined {
  const list = bareList<string>();
  let depth = 0;
  let quote = "";
  let from = start;
  for (let at = start; at < line.length; at += 1) {
    const sign = stringSlice(line, at, at + 1);
    if (quote !== "") {
      if (sign === "\\") at += 1;
      else if (sign === quote) quote = "";
    } else if (stringIndexOf(QUOTES, sign) !== -1) quote = sign;
    else if (stringIndexOf(OPENING, sign) !== -1) depth += 1;
    else if (stringIndexOf(CLOSING, sign) !== -1) {
      depth -= 1;
      if (depth < 0) {
        addTrimmed(list, stringSlice(line, from, at));
        return { list, end: at + 1 };
      }
    } else if (sign === "," && depth === 0) {
      addTrimmed(list, stringSlice(line, from, at));
      from = at + 1;
    }
  }
  return undefined;
}

function addTrimmed(list: string[], text: string): void {
  const trimmed = regExpExec(/^\s*(\S[\s\S]*?)\s*$/, text)?.[1];
  if (trimmed !== undefined) append(list, trimmed);
}
