import { isJsonObject, type JsonValue } from "../../data/json.ts";

const MAX_DEPTH = 1_000;

/** Counts work; false when there was too much of it. */
export type Spend = (steps: number) => boolean;

/** A text that two JSON values share exactly when they are equal. Gives up (an arbitrary text) when `spend` says no. */
export function canonicalKey(value: JsonValue, spend: Spend = () => true, depth = 0): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth > MAX_DEPTH || !spend(1)) {
    spend(Number.POSITIVE_INFINITY);
    return "";
  }
  if (!isJsonObject(value)) return `[${value.map((item) => canonicalKey(item, spend, depth + 1)).join(",")}]`;
  let text = "{";
  for (const key of Object.keys(value).sort()) {
    text += `${JSON.stringify(key)}:${canonicalKey(value[key] ?? null, spend, depth + 1)},`;
  }
  return `${text}}`;
}
