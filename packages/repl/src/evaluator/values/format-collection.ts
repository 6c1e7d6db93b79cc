import { isEmptyResult } from "../context/grep-notes.ts";
import { type Brand, mapSize, setSize, typedArrayLength } from "../realm/brands.ts";
import { className, prefixOf, tagOf } from "../realm/class-name.ts";
import { mapEntries, setValues } from "../realm/iteration.ts";
import {
  append,
  bareList,
  hasOwnKey,
  isArray,
  quote,
  reflectGet,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  regExpExec,
  stringSlice,
  symbolToString,
} from "../realm/primordials.ts";
import type { FormatBounds } from "./format-bounds.ts";

/** What formats the elements and puts them together. */
export interface ElementFormatter {
  readonly bounds: FormatBounds;
  /** True when nothing more fits. */
  readonly full: boolean;
  format(value: unknown, depth: number): string;
  wrap(open: string, parts: readonly string[], close: string): string;
}

/** A list, map, set, typed array or object with its first elements. May throw for a hostile Proxy. */
export function formatCollection(to: ElementFormatter, brand: Brand, value: object, depth: number): string {
  switch (brand) {
    case "array":
      if (isEmptyResult(value) && isArray(value) && value.length === 0) return "[] (0 hits)";
      return isArray(value) ? formatList(to, value, depth) : "[]";
    case "map":
      return formatMap(to, value, depth);
    case "set":
      return formatSet(to, value, depth);
    case "typedArray":
      return formatTyped(to, value, depth);
    default: {
      const parts = formatProperties(to, value, depth);
      const tag = parts.length === 0 ? tagOf(value) : "";
      return tag === "" ? to.wrap(`${prefixOf(value)}{`, parts, "}") : `[${tag}]`;
    }
  }
}

function formatList(to: ElementFormatter, list: readonly unknown[], depth: number): string {
  const length = list.length;
  const parts = bareList<string>();
  let shown = 0;
  for (; shown < length && shown < to.bounds.items && !to.full; shown += 1) {
    const descriptor = reflectGetOwnPropertyDescriptor(list, shown);
    append(parts, descriptor === undefined ? "<empty>" : formatSlot(to, descriptor, depth));
  }
  more(parts, length - shown);
  return to.wrap(`${prefixOf(list)}[`, parts, "]");
}

function formatTyped(to: ElementFormatter, value: object, depth: number): string {
  const length = typedArrayLength(value);
  const parts = bareList<string>();
  let shown = 0;
  for (; shown < asCount(length) && shown < to.bounds.items && !to.full; shown += 1) {
    append(parts, to.format(reflectGet(value, shown), depth + 1));
  }
  more(parts, asCount(length) - shown);
  return to.wrap(`${prefixOf(value)}[`, parts, "]");
}

function formatMap(to: ElementFormatter, value: object, depth: number): string {
  const size = asCount(mapSize(value));
  const parts = bareList<string>();
  const next = mapEntries(value);
  for (let entry = next(); entry !== null && parts.length < to.bounds.items && !to.full; entry = next()) {
    append(parts, `${to.format(entry[0], depth + 1)} => ${to.format(entry[1], depth + 1)}`);
  }
  more(parts, size - parts.length);
  return to.wrap(`${className(value)}(${size}) {`, parts, "}");
}

function formatSet(to: ElementFormatter, value: object, depth: number): string {
  const size = asCount(setSize(value));
  const parts = bareList<string>();
  const next = setValues(value);
  for (let entry = next(); entry !== null && parts.length < to.bounds.items && !to.full; entry = next()) {
    append(parts, to.format(entry[0], depth + 1));
  }
  more(parts, size - parts.length);
  return to.wrap(`${className(value)}(${size}) {`, parts, "}");
}

function formatProperties(to: ElementFormatter, value: object, depth: number): string[] {
  const keys = reflectOwnKeys(value);
  const parts = bareList<string>();
  let i = 0;
  for (; i < keys.length && parts.length < to.bounds.items && !to.full; i += 1) {
    const key = keys[i];
    const descriptor = key === undefined ? undefined : reflectGetOwnPropertyDescriptor(value, key);
    if (key === undefined || descriptor?.enumerable !== true) continue;
    append(parts, `${formatKey(key)}: ${formatSlot(to, descriptor, depth)}`);
  }
  more(parts, keys.length - i);
  return parts;
}

function formatSlot(to: ElementFormatter, descriptor: PropertyDescriptor, depth: number): string {
  if (!hasOwnKey(descriptor, "value")) return "[Getter]";
  return to.format(descriptor.value, depth + 1);
}

function formatKey(key: PropertyKey): string {
  if (typeof key === "symbol") return `[${stringSlice(symbolToString(key), 0, 100)}]`;
  const text = `${key}`;
  if (text.length <= 200 && regExpExec(IDENTIFIER, text) !== null) return text;
  return quote(stringSlice(text, 0, 200));
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

function more(parts: string[], hidden: number): void {
  if (hidden > 0) append(parts, `… ${hidden} more`);
}

function asCount(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
