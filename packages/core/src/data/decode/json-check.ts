import type { JsonObject, JsonSchema, JsonValue } from "../json.ts";
import { type Check, type Fault, fault } from "./check.ts";
import { inField, isPlainObject } from "./record.ts";

/** How deep a stored value may be nested: far deeper than a REPL can send, far from the end of the stack. */
export const MAX_JSON_DEPTH = 1000;

/** Any value that JSON text can hold. What `JSON.stringify` would drop or change is refused. */
export const json: Check<JsonValue> = (value) => checkJson(value, 0);

/** A JSON object. */
export const jsonObject: Check<JsonObject> = (value) =>
  isPlainObject(value) ? checkJson(value, 0) : fault("an object", value);

/** A JSON Schema document; whether it is a good one is for the validator. */
export const jsonSchema: Check<JsonSchema> = (value) =>
  typeof value === "boolean"
    ? null
    : isPlainObject(value)
      ? checkJson(value, 0)
      : fault("a JSON Schema", value);

function checkJson(value: unknown, depth: number): Fault | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null;
  if (typeof value === "number") return Number.isFinite(value) ? null : fault("a finite number", value);
  if (depth >= MAX_JSON_DEPTH) return fault(`nested at most ${MAX_JSON_DEPTH} deep`, value);
  if (Array.isArray(value)) return checkElements(value, depth + 1);
  if (isPlainObject(value)) return checkFields(value, depth + 1);
  return fault("a JSON value", value);
}

function checkElements(list: readonly unknown[], depth: number): Fault | null {
  for (let i = 0; i < list.length; i++) {
    const wrong = checkJson(list[i], depth);
    if (wrong !== null) return { ...wrong, path: `[${i}]${wrong.path}` };
  }
  return null;
}

function checkFields(object: Readonly<Record<string, unknown>>, depth: number): Fault | null {
  for (const key of Object.keys(object)) {
    const wrong = checkJson(object[key], depth);
    if (wrong !== null) return inField(key, wrong);
  }
  return null;
}
