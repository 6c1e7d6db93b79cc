import type { JsonValue } from "../../data/json.ts";

const MAX_DEPTH = 1_000;

/** A text that two JSON values share exactly when they are equal. Gives up (an arbitrary text) when `spend` says no. */
export function canonicalKey(
  value: JsonValue,
  spend: (steps: number) => boolean = () => true,
  depth = 0,
): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth > MAX_DEPTH || !spend(1)) {
    spend(Number.POSITIVE_INFINITY);
    return "";
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalKey(item, spend, depth + 1)).join(",")}]`;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const fields = entries.map(
    ([key, item]) => `${JSON.stringify(key)}:${canonicalKey(item, spend, depth + 1)}`,
  );
  return `{${fields.join(",")}}`;
}
