// Guest values as JSON text for the host.
//
// Invariants: (1) the text is complete JSON or a TypeError that names the place is thrown; (2) time and
// size are bounded by the limits, whatever the value; (3) getters, Proxies and `toJSON` run in the
// guest's own call and can only make that call fail.

import type { EvaluatorLimits } from "../../wire/evaluator-spec.ts";
import { brandOf, unboxed } from "../realm/brands.ts";
import { nativeOf } from "../realm/native-values.ts";
import {
  bare,
  bareList,
  dateToISOString,
  isArray,
  isFiniteNumber,
  quote,
  reflectApply,
  reflectGet,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  TypeErrorConstructor,
} from "../realm/primordials.ts";

interface Walk {
  readonly limits: EvaluatorLimits;
  /** What is being sent, for messages: `done(value)`, an argument of a tool. */
  readonly what: string;
  nodes: number;
  size: number;
  readonly open: object[];
}

/** Places of Errors that are named. */
const MOST_PLACES = 20;

const ADVICE: Readonly<Record<string, string>> = bare({
  map: "a Map; use Object.fromEntries(map) or [...map]",
  set: "a Set; use [...set]",
  regexp: "a regular expression; use its source",
  error: "an Error, which is no answer: deal with it first",
  promise: "a promise; await it first",
  typedArray: "a typed array; use Array.from(list)",
  arrayBuffer: "an ArrayBuffer",
  dataView: "a DataView",
  weak: "a weak collection",
  function: "a function",
});

/** The value as JSON text. `what` names it in errors: "the first argument of readFile". */
export function encodeJson(value: unknown, what: string, limits: EvaluatorLimits): string {
  const walk: Walk = { limits, what, nodes: 0, size: 0, open: bareList() };
  return encode(walk, value, "") ?? "null";
}

/** `null` for what JSON leaves out: undefined. */
function encode(walk: Walk, value: unknown, path: string): string | null {
  walk.nodes += 1;
  if (walk.nodes > walk.limits.argumentNodes) {
    throw new TypeErrorConstructor(
      `${walk.what} holds more than ${walk.limits.argumentNodes} values (a value that is used twice counts twice); send less`,
    );
  }
  switch (typeof value) {
    case "string":
      return encodeText(walk, value);
    case "number":
      if (!isFiniteNumber(value)) throw refuse(walk, path, `${value}, which JSON does not have`);
      return count(walk, value === 0 ? "0" : `${value}`);
    case "boolean":
      return count(walk, value ? "true" : "false");
    case "undefined":
      return null;
    case "object":
      return value === null ? count(walk, "null") : encodeObject(walk, value, path);
    case "bigint":
      throw refuse(walk, path, "a BigInt; use Number(value) or String(value)");
    default:
      throw refuse(walk, path, `a ${typeof value}`);
  }
}

function encodeText(walk: Walk, text: string): string {
  if (text.length > walk.limits.argumentSize) throw tooLarge(walk);
  return count(walk, quote(text));
}

function encodeObject(walk: Walk, value: object, path: string): string | null {
  const native = nativeOf(value);
  if (native !== undefined) {
    if (native.text === undefined) throw refuse(walk, path, native.advice ?? native.label);
    return encodeText(walk, native.text());
  }
  const brand = brandOf(value);
  const advice = ADVICE[brand];
  if (brand === "date") return count(walk, quote(isoText(walk, value, path)));
  if (brand === "boxed") return encode(walk, unboxed(value), path);
  if (advice !== undefined) throw refuse(walk, path, advice);
  if (brand === "instance" && isIterator(value)) throw refuse(walk, path, "an iterator; use [...iterator]");
  enter(walk, value, path);
  const plain = toJson(value, path);
  const text =
    plain !== value
      ? encode(walk, plain, path)
      : isArray(value)
        ? encodeList(walk, value, path)
        : encodeProperties(walk, value, path);
  walk.open.length -= 1;
  return text;
}

/** What has nothing of its own and gives its values one by one, such as `map.keys()` or a generator. */
function isIterator(value: object): boolean {
  return reflectOwnKeys(value).length === 0 && typeof reflectGet(value, "next") === "function";
}

/** Errors among the answers of a batch: the model should ask for those again, and not send what they say. */
function failedItems(list: readonly unknown[]): string | null {
  let count = 0;
  let places = "";
  for (let i = 0; i < list.length; i += 1) {
    const item = list[i];
    if (typeof item !== "object" || item === null || brandOf(item) !== "error") continue;
    count += 1;
    if (count <= MOST_PLACES) places += places === "" ? `${i}` : `, ${i}`;
  }
  if (count === 0) return null;
  const more = count > MOST_PLACES ? ` and ${count - MOST_PLACES} more` : "";
  const them = count === 1 ? "is an Error: ask for it again" : "are Errors: ask for those again";
  return `a list of which ${count} of ${list.length} (${places}${more}) ${them}, or leave them out and say so`;
}

function enter(walk: Walk, value: object, path: string): void {
  const { open } = walk;
  for (let i = 0; i < open.length; i += 1) {
    if (open[i] === value) throw refuse(walk, path, "a value that contains itself");
  }
  if (open.length >= walk.limits.argumentDepth) {
    throw new TypeErrorConstructor(`${walk.what} is nested deeper than ${walk.limits.argumentDepth} levels`);
  }
  open[open.length] = value;
}

function toJson(value: object, key: string): unknown {
  const method: unknown = reflectGet(value, "toJSON");
  return typeof method === "function" ? reflectApply(method, value, [key]) : value;
}

function encodeList(walk: Walk, value: readonly unknown[], path: string): string {
  const length = value.length;
  if (length > walk.limits.argumentNodes - walk.nodes) {
    throw refuse(walk, path, `a list of ${length} elements, which is too long`);
  }
  const failed = failedItems(value);
  if (failed !== null) throw refuse(walk, path, failed);
  count(walk, "[]");
  let text = "[";
  for (let i = 0; i < length; i += 1) {
    if (i > 0) text += count(walk, ",");
    text += encode(walk, value[i], `${path}[${i}]`) ?? count(walk, "null");
  }
  return `${text}]`;
}

function encodeProperties(walk: Walk, value: object, path: string): string {
  const keys = reflectOwnKeys(value);
  count(walk, "{}");
  let text = "{";
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i];
    if (typeof key !== "string") continue;
    if (reflectGetOwnPropertyDescriptor(value, key)?.enumerable !== true) continue;
    const item = encode(walk, reflectGet(value, key), path === "" ? key : `${path}.${key}`);
    if (item === null) continue;
    if (text !== "{") text += count(walk, ",");
    text += `${encodeText(walk, key)}:${item}`;
  }
  return `${text}}`;
}

function isoText(walk: Walk, value: object, path: string): string {
  try {
    return dateToISOString(value as Date);
  } catch {
    throw refuse(walk, path, "an invalid Date");
  }
}

function count(walk: Walk, text: string): string {
  walk.size += text.length;
  if (walk.size > walk.limits.argumentSize) throw tooLarge(walk);
  return text;
}

function tooLarge(walk: Walk): Error {
  return new TypeErrorConstructor(
    `${walk.what} is larger than ${walk.limits.argumentSize} characters of JSON; send less`,
  );
}

function refuse(walk: Walk, path: string, found: string): Error {
  const where = path === "" ? walk.what : `${walk.what}, at ${path},`;
  return new TypeErrorConstructor(`${where} is ${found}: only JSON can be sent`);
}
