// Values as text for the model.
//
// Invariants: (1) time and text are bounded whatever the value; (2) no getter is run; (3) a Proxy can
// only spoil its own line; (4) formatting never throws.
import { type Brand, brandOf, unboxed } from "../realm/brands.ts";
import { className, prefixOf } from "../realm/class-name.ts";
import { nativeOf } from "../realm/native-values.ts";
import {
  append,
  bareList,
  bigIntToString,
  dateToISOString,
  functionToString,
  isArray,
  ownValue,
  quote,
  regExpToString,
  stringIndexOf,
  stringSlice,
  symbolToString,
} from "../realm/primordials.ts";
import { headline } from "../realm/stack.ts";
import { ownFields } from "./error-fields.ts";
import type { FormatBounds } from "./format-bounds.ts";
import { formatCollection } from "./format-collection.ts";

/** What print shows. */
export const PRINT_BOUNDS: FormatBounds = {
  nodes: 4_000,
  depth: 6,
  items: 100,
  text: 10_000,
  total: 200_000,
  oneLine: false,
};

const LINE_WIDTH = 88;

/**
 * Characters of a text that is looked into. One that was put together from parts takes its whole size in memory as soon
 * as a character of it is read, and a loop that doubles a text makes one of half a billion out of nothing.
 */
export const LONGEST_FLAT = 16_000_000;

/** A value as text, strings in quotes. */
export function formatValue(value: unknown, bounds: FormatBounds): string {
  const text = new Formatter(bounds).format(value, 0);
  return text.length > bounds.total ? `${stringSlice(text, 0, bounds.total)}…` : text;
}

/** One walk over a value. */
export class Formatter {
  readonly bounds: FormatBounds;
  readonly #open: object[] = bareList();
  #nodes = 0;
  #characters = 0;

  constructor(bounds: FormatBounds) {
    this.bounds = bounds;
  }

  /** True when nothing more fits. */
  get full(): boolean {
    return this.#nodes >= this.bounds.nodes || this.#characters >= this.bounds.total;
  }

  /** The value as text; nested lines are not indented yet. */
  format(value: unknown, depth: number): string {
    if (this.full) return "…";
    this.#nodes += 1;
    const text = this.#formatAny(value, depth);
    this.#characters += typeof value === "object" ? 2 : text.length;
    return text;
  }

  #formatAny(value: unknown, depth: number): string {
    switch (typeof value) {
      case "string":
        return this.#formatString(value);
      case "bigint":
        return `${this.#cut(bigIntToString(value))}n`;
      case "symbol":
        return this.#cut(symbolToString(value));
      case "function":
        return this.#formatFunction(value);
      case "object":
        return value === null ? "null" : this.#formatObject(value, depth);
      case "number":
        return value === 0 && 1 / value < 0 ? "-0" : `${value}`;
      default:
        return `${value}`;
    }
  }

  #formatObject(value: object, depth: number): string {
    const native = nativeOf(value);
    if (native !== undefined) return depth === 0 ? (native.alone ?? native.label) : native.label;
    for (let i = 0; i < this.#open.length; i += 1) if (this.#open[i] === value) return "[Circular]";
    append(this.#open, value);
    let text: string;
    try {
      text = this.#formatBrand(brandOf(value), value, depth);
    } catch {
      text = "[unreadable object]";
    }
    this.#open.length -= 1;
    return text;
  }

  #formatBrand(brand: Brand, value: object, depth: number): string {
    switch (brand) {
      case "date":
        return formatDate(value);
      case "regexp":
        return this.#cut(regExpToString(value));
      case "error":
        return this.#formatError(value, depth);
      case "promise":
        return "Promise (await it to see its value)";
      case "boxed":
        return `[${className(value)}: ${this.format(unboxed(value), depth + 1)}]`;
      case "weak":
      case "dataView":
      case "arrayBuffer":
        return `[${className(value)}]`;
      default:
        if (depth >= this.bounds.depth) return brand === "array" ? "[…]" : `${prefixOf(value)}{…}`;
        return formatCollection(this, brand, value, depth);
    }
  }

  /** Properties between braces or brackets: on one line when they fit, else each on its own. */
  wrap(open: string, parts: readonly string[], close: string): string {
    if (parts.length === 0) return open + close;
    let width = open.length;
    let broken = false;
    for (let i = 0; i < parts.length; i += 1) {
      width += (parts[i]?.length ?? 0) + 2;
      if (stringIndexOf(parts[i] ?? "", "\n") !== -1) broken = true;
    }
    const tight = close === "]";
    if (this.bounds.oneLine || (!broken && width <= LINE_WIDTH)) {
      const inner = joined(parts, ", ");
      return tight ? `${open}${inner}${close}` : `${open} ${inner} ${close}`;
    }
    return `${open}\n  ${indented(joined(parts, ",\n"))}\n${close}`;
  }

  #formatString(value: string): string {
    const limit = this.bounds.text;
    if (value.length > LONGEST_FLAT) return `a text of ${value.length} characters`;
    if (value.length <= limit) return quote(value);
    return `${quote(stringSlice(value, 0, limit))}… (${value.length - limit} more characters)`;
  }

  #formatFunction(value: object): string {
    const name = ownValue(value, "name");
    const label = typeof name === "string" && name !== "" ? this.#cut(name) : "anonymous";
    return isClass(value) ? `[class ${label}]` : `[Function ${label}]`;
  }

  #formatError(value: object, depth: number): string {
    let text = this.#cut(headline(value));
    if (depth >= this.bounds.depth) return `[${text}]`;
    const fields = ownFields(value);
    if (fields !== null) text += ` ${this.format(fields, depth + 1)}`;
    const errors = ownValue(value, "errors");
    if (isArray(errors)) text += `; errors: ${this.format(errors, depth + 1)}`;
    const cause = ownValue(value, "cause");
    if (cause !== undefined) text += `; cause: ${this.format(cause, depth + 1)}`;
    return `[${text}]`;
  }

  #cut(text: string): string {
    const limit = this.bounds.text;
    return text.length > limit ? `${stringSlice(text, 0, limit)}…` : text;
  }
}

function isClass(value: object): boolean {
  try {
    return stringIndexOf(stringSlice(functionToString(value), 0, 6), "class ") === 0;
  } catch {
    return false;
  }
}

function formatDate(value: object): string {
  try {
    return dateToISOString(value as Date);
  } catch {
    return "Invalid Date";
  }
}

function joined(parts: readonly string[], separator: string): string {
  let text = "";
  for (let i = 0; i < parts.length; i += 1) text += i === 0 ? `${parts[i]}` : `${separator}${parts[i]}`;
  return text;
}

function indented(text: string): string {
  let result = "";
  let from = 0;
  for (let at = stringIndexOf(text, "\n"); at !== -1; at = stringIndexOf(text, "\n", from)) {
    result += `${stringSlice(text, from, at)}\n  `;
    from = at + 1;
  }
  return result + stringSlice(text, from);
}
