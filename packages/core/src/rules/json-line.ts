import type { JsonValue } from "../data/json.ts";

/** Control and format characters, including those that are invisible or change the direction of text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/gu;

/**
 * A value as one line of JSON that is safe to show to a model or a person, whatever it holds: at most about `max`
 * characters, with invisible characters as escapes. Text that was cut ends with `…`.
 */
export function jsonLine(value: JsonValue, max: number): string {
  if (typeof value === "string") {
    const start = cut(value, max);
    return JSON.stringify(start).replace(UNSEEN, escaped) + (start.length < value.length ? "…" : "");
  }
  const text = JSON.stringify(value).replace(UNSEEN, escaped);
  const start = cut(text, max);
  return start.length < text.length ? `${start}…` : start;
}

/** Never ends with half a surrogate pair. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return text.slice(0, /[\uD800-\uDBFF]/.test(text.charAt(max - 1)) ? max - 1 : max);
}

function escaped(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at += 1)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return text;
}
