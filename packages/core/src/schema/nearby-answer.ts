import { isJsonObject, type JsonSchema, type JsonValue } from "../data/json.ts";
import type { ResolvedSchema } from "./schema.ts";

const NUMBER = /-?\d+(?:\.\d+)?/g;
const LONGEST = 2_000;

/**
 * A guess at the answer that was meant by this value, which fits the schema: the value itself, its only number, the value
 * of its only field, or one of these in the schema's only field. Suggest it to the model; never accept it as an answer.
 */
export async function nearbyAnswer(schema: ResolvedSchema, given: JsonValue): Promise<JsonValue | undefined> {
  const field = onlyField(schema.jsonSchema);
  for (const value of readings(given)) {
    for (const candidate of field === null ? [value] : [value, { [field]: value }]) {
      const check = await schema.check(candidate);
      if (check.ok) return candidate;
    }
  }
  return undefined;
}

function readings(given: JsonValue): readonly JsonValue[] {
  if (isJsonObject(given)) {
    const [value, ...others] = Object.values(given);
    return value === undefined || others.length > 0 ? [given] : [given, value, ...numberIn(value)];
  }
  return [...numberIn(given), given];
}

function numberIn(value: JsonValue): readonly number[] {
  if (typeof value !== "string" || value.length > LONGEST) return [];
  const [number, ...others] = value.replace(/(?<=\d),(?=\d{3}\b)/g, "").match(NUMBER) ?? [];
  return number === undefined || others.length > 0 ? [] : [Number(number)];
}

function onlyField(schema: JsonSchema): string | null {
  if (!isJsonObject(schema) || !isJsonObject(schema.properties)) return null;
  const [field, ...others] = Object.keys(schema.properties);
  return field === undefined || field === "__proto__" || others.length > 0 ? null : field;
}
