// The summary of what a REPL holds.
//
// Owns: what each variable was at the end of the block before. Invariants: (1) bounded in rows and text;
// (2) no getter is run; (3) `changed` compares identity, size and preview, so a change deep inside a
// large object may go unnoticed; (4) nothing here keeps a value alive.
import { brandOf, mapSize, setSize, typedArrayLength } from "../realm/brands.ts";
import { className } from "../realm/class-name.ts";
import { nativeOf } from "../realm/native-values.ts";
import {
  append,
  bareList,
  charCodeAt,
  handOver,
  hasOwnKey,
  isArray,
  MapConstructor,
  mapGet,
  mapSet,
  quote,
  realmGlobal,
  reflectGetOwnPropertyDescriptor,
  reflectOwnKeys,
  SetConstructor,
  setAdd,
  setHas,
  stringIndexOf,
  stringSlice,
  WeakRefConstructor,
  weakDeref,
} from "../realm/primordials.ts";
import type { FormatBounds } from "../values/format-bounds.ts";
import { formatValue, LONGEST_FLAT } from "../values/format-value.ts";

const PREVIEW = 80;
const BOUNDS: FormatBounds = { nodes: 40, depth: 2, items: 12, text: PREVIEW, total: 400, oneLine: true };
/** Globals looked at for one summary. */
const MAX_LOOKED_AT = 1_000;

interface Row {
  readonly name: string;
  readonly type: string;
  readonly size: number | null;
  readonly preview: string;
  /** Tells the value from others, and keeps nothing alive. */
  readonly mark: unknown;
  readonly changed: boolean;
}

/** The variables of one realm: the properties of its global object that were not there at first. */
export class Variables {
  readonly #first = new SetConstructor<PropertyKey>();
  readonly #rows: number;
  #before = new MapConstructor<string, Row>();
  #now = new MapConstructor<string, Row>();

  readonly #isUnset: (name: string) => boolean;

  constructor(rows: number, isUnset: (name: string) => boolean) {
    this.#rows = rows;
    this.#isUnset = isUnset;
  }

  /** Takes the present globals for the realm's own. */
  rememberGlobals(): void {
    const keys = reflectOwnKeys(realmGlobal);
    for (let i = 0; i < keys.length; i += 1) setAdd(this.#first, keys[i] ?? "");
  }

  /** A new block begins: changes are counted from here. */
  startBlock(): void {
    this.#before = this.#now;
  }

  /** The rows, changed ones first where there are too many. Runs no getter. */
  summarize(): readonly Row[] {
    const all = this.look();
    this.#now = new MapConstructor<string, Row>();
    for (let i = 0; i < all.length; i += 1) {
      const row = all[i];
      if (row !== undefined) mapSet(this.#now, row.name, row);
    }
    if (all.length <= this.#rows) return all;
    const kept = bareList<Row>();
    pick(all, true, kept, this.#rows);
    pick(all, false, kept, this.#rows);
    return kept;
  }

  /** All rows as they are now, the 1,000 oldest names at most. */
  look(): readonly Row[] {
    const rows = bareList<Row>();
    const keys = reflectOwnKeys(realmGlobal);
    for (let i = 0; i < keys.length && rows.length < MAX_LOOKED_AT; i += 1) {
      const name = keys[i];
      if (typeof name !== "string" || setHas(this.#first, name) || this.#isUnset(name)) continue;
      const row = this.#row(name);
      if (row !== null) append(rows, row);
    }
    return rows;
  }

  #row(name: string): Row | null {
    const descriptor = reflectGetOwnPropertyDescriptor(realmGlobal, name);
    // A name that stands for another one is none of the block's.
    if (isOtherName(descriptor)) return null;
    if (descriptor === undefined || !hasOwnKey(descriptor, "value")) {
      return {
        name: cut(name),
        type: "accessor",
        size: null,
        preview: "[Getter]",
        mark: null,
        changed: false,
      };
    }
    const { value } = descriptor;
    const preview = cut(formatValue(value, BOUNDS));
    const size = sizeOf(value);
    const before = mapGet(this.#before, name);
    const same = before !== undefined && isMarkOf(before.mark, value) && before.size === size;
    const changed = !same || before.preview !== preview;
    return { name, type: typeOf(value), size, preview, mark: same ? before.mark : markOf(value), changed };
  }
}

function isOtherName(descriptor: PropertyDescriptor | undefined): boolean {
  return descriptor !== undefined && !hasOwnKey(descriptor, "value") && descriptor.enumerable === false;
}

/** Characters of a text that are kept to tell it from others. */
const MARKED = 1_000;

/** What code let go of must be freed while its block runs: of objects a weak reference is kept, of texts a part. */
function markOf(value: unknown): unknown {
  if (typeof value === "string") return markOfText(value);
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  return isObject ? new WeakRefConstructor(value) : value;
}

function isMarkOf(mark: unknown, value: unknown): boolean {
  if (typeof value === "string") return mark === markOfText(value);
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isObject) return mark === value;
  return mark instanceof WeakRefConstructor && weakDeref(mark) === value;
}

/** A long text is told from others by its length and by single characters all over it. */
function markOfText(text: string): string {
  if (text.length <= MARKED) return text;
  if (text.length > LONGEST_FLAT) return `${text.length}`;
  const step = (text.length - (text.length % MARKED)) / MARKED;
  let mark = `${text.length}:`;
  for (let at = 0; at < text.length; at += step) mark += `${charCodeAt(text, at)},`;
  return mark;
}

/** The rows as JSON. */
export function variablesJson(rows: readonly Row[]): string {
  let text = "";
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i];
    if (row === undefined) continue;
    const fields = `"name":${quote(cut(row.name))},"type":${quote(row.type)},"size":${row.size}`;
    text += `${text === "" ? "" : ","}{${fields},"preview":${quote(row.preview)},"changed":${row.changed}}`;
  }
  return `[${text}]`;
}

/** The rows as a guest may have them. */
export function variablesList(rows: readonly Row[]): unknown {
  const list = bareList<unknown>();
  for (let i = 0; i < rows.length; i += 1) {
    const row = rows[i];
    if (row !== undefined) {
      append(list, { name: row.name, type: row.type, size: row.size, preview: row.preview });
    }
  }
  return handOver(list);
}

function pick(from: readonly Row[], changed: boolean, to: Row[], limit: number): void {
  for (let i = from.length - 1; i >= 0 && to.length < limit; i -= 1) {
    const row = from[i];
    if (row?.changed === changed) append(to, row);
  }
}

function cut(text: string): string {
  return text.length > PREVIEW ? `${stringSlice(text, 0, PREVIEW - 1)}…` : text;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  try {
    const brand = brandOf(value);
    if (brand === "array") return "array";
    const native = nativeOf(value);
    if (native === undefined) return cut(className(value) || "object");
    const bracket = stringIndexOf(native.label, "(");
    return bracket === -1 ? native.label : stringSlice(native.label, 0, bracket);
  } catch {
    return "object";
  }
}

/** Characters of a string, elements of a collection. */
function sizeOf(value: unknown): number | null {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return null;
  try {
    const brand = brandOf(value);
    if (brand === "array" && isArray(value)) return asSize(value.length);
    if (brand === "map") return asSize(mapSize(value));
    if (brand === "set") return asSize(setSize(value));
    if (brand === "typedArray") return asSize(typedArrayLength(value));
  } catch {
    return null;
  }
  return null;
}

function asSize(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
