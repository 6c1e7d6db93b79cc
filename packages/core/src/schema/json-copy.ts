import { isJsonObject, type JsonObject, type JsonValue } from "../data/json.ts";
import { RLMError } from "../errors.ts";
import { showPath } from "./json-schema/show-value.ts";

const MAX_DEPTH = 200;

/** A copy in plain JSON, or where and why there is none. */
export type JsonCopy =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problem: string };

/**
 * Copies what a host function answered, if it is JSON: no functions, dates, maps, class instances, circles, `NaN`.
 * Fields that are `undefined` are left out, `undefined` alone is `null`. Nothing is converted silently otherwise.
 */
export function copyJson(value: unknown): JsonCopy {
  if (value === undefined) return { ok: true, value: null };
  try {
    return { ok: true, value: copy(value, []) };
  } catch (cause) {
    if (cause instanceof NotJson) return { ok: false, problem: cause.message };
    return { ok: false, problem: "an object that cannot be read" };
  }
}

/** A copy of an object that a user gave. Throws `invalid_options` naming it when it is not JSON. */
export function copyObject(value: unknown, name: string): JsonObject {
  const copied = copyJson(value);
  if (copied.ok && isJsonObject(copied.value)) return copied.value;
  const problem = copied.ok ? "no object" : copied.problem;
  throw new RLMError(
    "invalid_options",
    `${name} must be an object of JSON values, but it is or has ${problem}.`,
  );
}

/** The value as JSON carries it, in a copy. Throws `invalid_options` naming who gave it when it is none. */
export function asJson(value: unknown, name: string): JsonValue {
  const text = value === undefined ? "null" : JSON.stringify(value);
  if (text === undefined)
    throw new RLMError("invalid_options", `${name} gave a ${typeof value}, which is not JSON.`);
  return JSON.parse(text) as JsonValue;
}

/** Carries the place of the first thing that is not JSON out of the recursion; never leaves this file. */
class NotJson extends TypeError {}

function copy(value: unknown, path: PropertyKey[]): JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  // JSON has no negative zero.
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (typeof value !== "object") throw notJson(nameOf(value), path);
  if (path.length > MAX_DEPTH)
    throw notJson("something nested too deeply (or in a circle)", path.slice(0, 3));
  if (Array.isArray(value)) return Array.from(value, (item, index) => copy(item ?? null, [...path, index]));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) throw notJson(nameOf(value), path);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, copy(item, [...path, key])]));
}

function notJson(what: string, path: readonly PropertyKey[]): NotJson {
  return new NotJson(path.length === 0 ? what : `${what} at ${showPath(path)}`);
}

function nameOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an instance of a class";
}
