import type { JsonValue } from "../data/json.ts";
import { RLMError } from "../errors.ts";

/** The value as JSON carries it, in a copy. Throws `invalid_options` naming who gave it when it is none. */
export function asJson(value: unknown, name: string): JsonValue {
  const text = value === undefined ? "null" : JSON.stringify(value);
  if (text === undefined)
    throw new RLMError("invalid_options", `${name} gave a ${typeof value}, which is not JSON.`);
  return JSON.parse(text) as JsonValue;
}
