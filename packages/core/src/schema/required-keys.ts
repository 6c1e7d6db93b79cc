import { isJsonObject, type JsonObject, type JsonSchema, type JsonValue } from "../data/json.ts";

const DEEPEST = 32;
const HOLDERS = ["items", "additionalProperties", "not"];
const LISTS = ["anyOf", "oneOf", "allOf", "prefixItems"];
const TABLES = ["properties", "$defs", "definitions"];

/** {@link withRequiredKeys} of the schema that a model gave a child for its answer; `null` for any answer. */
export function requiredAnswer(output: JsonSchema | null): JsonSchema | null {
  const required = output === null ? null : withRequiredKeys(output);
  return isJsonObject(required) ? required : output;
}

/**
 * The schema with every listed key required, wherever the schema of an object has no `required`: code that lists a key in
 * a question wants it in the answer. A schema that has `required`, even an empty list, is left as it is.
 */
export function withRequiredKeys(schema: JsonValue, depth = 0): JsonValue {
  if (!isJsonObject(schema) || depth > DEEPEST) return schema;
  const inner = (value: JsonValue) => withRequiredKeys(value, depth + 1);
  const entries = Object.entries(schema).map(([key, value]): [string, JsonValue] => {
    if (HOLDERS.includes(key)) return [key, inner(value)];
    if (LISTS.includes(key) && Array.isArray(value)) return [key, value.map(inner)];
    if (TABLES.includes(key) && isJsonObject(value)) return [key, mapped(value, inner)];
    return [key, value];
  });
  const { properties, required } = schema;
  const listed = isJsonObject(properties) && required === undefined ? Object.keys(properties) : [];
  return { ...Object.fromEntries(entries), ...(listed.length > 0 && { required: listed }) };
}

function mapped(table: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value)]));
}
