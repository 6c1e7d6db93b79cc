import { RLMError, type RLMErrorCode } from "../../errors.ts";
import { deepFreeze, type JsonObject, type JsonSchema, type JsonValue } from "../json.ts";

/** What a decoder says about its input when the input is wrong. */
export interface DecodeOptions {
  /** How a reader of the message finds the value: `$`, or a file and line. */
  readonly where: string;
  readonly what: string;
  readonly code: RLMErrorCode;
  /** Where such a value comes from, when it is not from a file. */
  readonly advice?: string;
}

const FROM_A_FILE = "It was changed after it was written, or written by another version of rlmflow.";

/** The value, frozen all the way down, when the check passes; else an RLMError that names place and expectation. */
export function decode<T>(check: Check<T>, value: unknown, options: DecodeOptions): T {
  const wrong = check(value);
  if (wrong === null) return deepFreeze(value as T);
  const { where, what, code, advice = FROM_A_FILE } = options;
  const place = `${where}${wrong.path}`;
  throw new RLMError(
    code,
    `This is not ${what}: ${place} should be ${wrong.expected} but is ${inWords(wrong.found)}. ${advice}`,
    { details: { place, expected: wrong.expected } },
  );
}

function inWords(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string")
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 60))}…` : JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Where a value is wrong, seen from the value that was checked, and what should stand there. */
export interface Fault {
  /** Like `.block.reads[2].start`, empty for the value itself. */
  readonly path: string;
  readonly expected: string;
  readonly found: unknown;
}

/**
 * Says what is wrong with a value, or `null` when it passes. Paths are put together only on the way out
 * of a failure, so that a good value costs no text.
 */
export type Test = (value: unknown) => Fault | null;

/** A test that is passed by exactly the values of `T`. */
export interface Check<T> extends Test {
  /** Never there: it ties the check to the type it stands for, both ways. */
  readonly accepts?: (value: T) => T;
}

/** The fault of a value that is not what it should be. */
export function fault(expected: string, found: unknown): Fault {
  return { path: "", expected, found };
}

/** A check for one value or `null`. */
export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value) => {
    const wrong = value === null ? null : check(value);
    return wrong === null || wrong.path !== "" ? wrong : { ...wrong, expected: `${wrong.expected} or null` };
  };
}

/** A check for values that pass a test, described in words. */
export function that<T>(expected: string, test: (value: unknown) => boolean): Check<T> {
  return (value) => (test(value) ? null : fault(expected, value));
}

/** A check for exactly this value. */
export function exactly<const T extends string | boolean>(wanted: T): Check<T> {
  return that(JSON.stringify(wanted), (value) => value === wanted);
}

/** A check for one of the names of a closed union; the compiler sees that none is left out. */
export function oneOf<T extends string>(names: Readonly<Record<T, true>>): Check<T> {
  const known: ReadonlySet<unknown> = new Set(Object.keys(names));
  return that(`one of ${[...known].join(", ")}`, (value) => known.has(value));
}

/** A check for a list whose every element passes. */
export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return fault("a list", value);
    for (let i = 0; i < value.length; i++) {
      const wrong = check(value[i]);
      if (wrong !== null) return { ...wrong, path: `[${i}]${wrong.path}` };
    }
    return null;
  };
}

/** Any text, the empty one included. */
export const text: Check<string> = that("text", (value) => typeof value === "string");

/** A name or id: text that is not empty. */
export const name: Check<string> = that("a name", (value) => typeof value === "string" && value !== "");

/** True or false. */
export const flag: Check<boolean> = that("true or false", (value) => typeof value === "boolean");

/** A whole number from 0 that a double holds exactly. */
export const count: Check<number> = that(
  "a whole number from 0",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);

/** A finite number from 0: an amount, or a time in milliseconds. */
export const amount: Check<number> = that(
  "a finite number from 0",
  (value) => Number.isFinite(value) && Number(value) >= 0,
);

const HEXADECIMAL = /^[0-9a-f]{64}$/;

/** A SHA-256 digest. Digests name files, so that nothing else may pass for one. */
export const digest: Check<string> = that(
  "a SHA-256 digest (64 hexadecimal digits)",
  (value) => typeof value === "string" && HEXADECIMAL.test(value),
);

/** The check of a field that may be absent. */
export interface Optional<T> {
  readonly optional: Check<T>;
}

/** One check a field, so that a field that is added to the type and not to its check does not compile. */
export type Shape<T> = {
  readonly [K in keyof T]-?: Partial<Pick<T, K>> extends Pick<T, K>
    ? Optional<Exclude<T[K], undefined>>
    : Check<T[K]>;
};

/** Marks a field that may be absent. */
export function optional<T>(check: Check<T>): Optional<T> {
  return { optional: check };
}

/** True for an object as JSON makes one: no list, no instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A fault inside a field, seen from the object. */
export function inField(key: string, inner: Fault): Fault {
  const step = /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  return { ...inner, path: step + inner.path };
}

interface Field {
  readonly key: string;
  readonly check: Test;
  readonly required: boolean;
}

function fieldsOf(shape: Readonly<Record<string, Test | { readonly optional: Test }>>): readonly Field[] {
  return Object.entries(shape).map(([key, entry]) =>
    typeof entry === "function"
      ? { key, check: entry, required: true }
      : { key, check: entry.optional, required: false },
  );
}

/** A check for an object with these fields and no other. `together` sees it when every field has passed. */
export function record<T extends object>(
  shape: Shape<T>,
  together?: (value: Readonly<Record<string, unknown>>) => Fault | null,
): Check<T> {
  const fields = fieldsOf(shape);
  return (value) => {
    if (!isPlainObject(value)) return fault("an object", value);
    let seen = 0;
    for (const { key, check, required } of fields) {
      const found = value[key];
      if (found === undefined) {
        if (required) return inField(key, check(undefined) ?? fault("there", undefined));
        continue;
      }
      seen++;
      const wrong = check(found);
      if (wrong !== null) return inField(key, wrong);
    }
    if (Object.keys(value).length !== seen) return unknownField(value, fields);
    return together?.(value) ?? null;
  };
}

function unknownField(value: Readonly<Record<string, unknown>>, fields: readonly Field[]): Fault {
  const known = new Set(fields.map(({ key }) => key));
  const key = Object.keys(value).find((name) => !known.has(name) || value[name] === undefined) ?? "";
  return inField(key, fault("absent", value[key]));
}

/** A check for one of several objects, told apart by a field. */
export function variant<T extends object, K extends keyof T & string>(
  key: K,
  checks: { readonly [V in T[K] & PropertyKey]: Check<Extract<T, { readonly [P in K]: V }>> },
): Check<T> {
  return variantBy(key, new Map<unknown, Test>(Object.entries(checks)));
}

/** {@link variant} for a field that is `true` or `false`. */
export function trueOrFalse<A extends object, B extends object>(
  key: string,
  whenTrue: Check<A>,
  whenFalse: Check<B>,
): Check<A | B> {
  return variantBy(
    key,
    new Map<unknown, Test>([
      [true, whenTrue],
      [false, whenFalse],
    ]),
  );
}

function variantBy<T>(key: string, checks: ReadonlyMap<unknown, Test>): Check<T> {
  const expected = `one of ${[...checks.keys()].join(", ")}`;
  return (value) => {
    if (!isPlainObject(value)) return fault("an object", value);
    const check = checks.get(value[key]);
    return check === undefined ? inField(key, fault(expected, value[key])) : check(value);
  };
}

/** How deep a stored value may be nested: far deeper than a REPL can send, far from the end of the stack. */
export const MAX_JSON_DEPTH = 1000;

/** Any value that JSON text can hold. What `JSON.stringify` would drop or change is refused. */
export const json: Check<JsonValue> = (value) => checkJson(value, 0);

/** A JSON object. */
export const jsonObject: Check<JsonObject> = (value) =>
  isPlainObject(value) ? checkJson(value, 0) : fault("an object", value);

/** A JSON Schema document; whether it is a good one is for the validator. */
export const jsonSchema: Check<JsonSchema> = (value) =>
  typeof value === "boolean"
    ? null
    : isPlainObject(value)
      ? checkJson(value, 0)
      : fault("a JSON Schema", value);

function checkJson(value: unknown, depth: number): Fault | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null;
  if (typeof value === "number") return Number.isFinite(value) ? null : fault("a finite number", value);
  if (depth >= MAX_JSON_DEPTH) return fault(`nested at most ${MAX_JSON_DEPTH} deep`, value);
  if (Array.isArray(value)) return checkElements(value, depth + 1);
  if (isPlainObject(value)) return checkFields(value, depth + 1);
  return fault("a JSON value", value);
}

function checkElements(list: readonly unknown[], depth: number): Fault | null {
  for (let i = 0; i < list.length; i++) {
    const wrong = checkJson(list[i], depth);
    if (wrong !== null) return { ...wrong, path: `[${i}]${wrong.path}` };
  }
  return null;
}

function checkFields(object: Readonly<Record<string, unknown>>, depth: number): Fault | null {
  for (const key of Object.keys(object)) {
    const wrong = checkJson(object[key], depth);
    if (wrong !== null) return inField(key, wrong);
  }
  return null;
}
