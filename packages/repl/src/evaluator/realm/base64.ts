import {
  append,
  bareList,
  charCodeAt,
  fromCharCode,
  joinList,
  stringIndexOf,
  stringOf,
  stringSlice,
  TypeErrorConstructor,
} from "./primordials.ts";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** `btoa`: each character, which must be below 256, is one byte. */
export function encodeBase64(value: unknown): string {
  const text = stringOf(value);
  const parts = bareList<string>();
  for (let i = 0; i < text.length; i += 3) {
    const left = text.length - i;
    const bits =
      (byteAt(text, i) << 16) |
      (left > 1 ? byteAt(text, i + 1) << 8 : 0) |
      (left > 2 ? byteAt(text, i + 2) : 0);
    append(
      parts,
      digit(bits >> 18) +
        digit(bits >> 12) +
        (left > 1 ? digit(bits >> 6) : "=") +
        (left > 2 ? digit(bits) : "="),
    );
  }
  return joinList(parts, "");
}

/** `atob`: white space is left out, missing padding is forgiven. */
export function decodeBase64(value: unknown): string {
  const text = stringOf(value);
  const parts = bareList<string>();
  let bits = 0;
  let held = 0;
  let padding = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = stringSlice(text, i, i + 1);
    if (stringIndexOf(" \t\n\f\r", unit) !== -1) continue;
    if (unit === "=") {
      padding += 1;
      continue;
    }
    const sextet = stringIndexOf(DIGITS, unit);
    if (sextet === -1 || padding > 0) throw new TypeErrorConstructor("atob: the text is not base64");
    bits = ((bits << 6) | sextet) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      append(parts, fromCharCode((bits >> held) & 255));
    }
  }
  if (held === 6 || padding > 2) throw new TypeErrorConstructor("atob: the text is not base64");
  return joinList(parts, "");
}

function byteAt(text: string, index: number): number {
  const unit = charCodeAt(text, index);
  if (unit > 255) throw new TypeErrorConstructor("btoa: the text holds characters above 255");
  return unit;
}

function digit(bits: number): string {
  return stringSlice(DIGITS, bits & 63, (bits & 63) + 1);
}
