import type { JsonValue } from "../../data/json.ts";

/** The value as JSON text holds it, apart from the original, or why it cannot be written as JSON. */
export function throughJson(
  value: unknown,
): { readonly text: string; readonly value: JsonValue } | { readonly problem: string } {
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return { problem: `${typeof value} has no JSON` };
    const parsed: JsonValue = JSON.parse(text);
    return { text, value: parsed };
  } catch (cause) {
    if (cause instanceof RangeError) return { problem: "nested too deeply" };
    return { problem: cause instanceof Error ? cause.message.split("\n", 1).join("") : String(cause) };
  }
}
