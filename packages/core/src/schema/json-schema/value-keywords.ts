import { type JsonObject, type JsonValue, parseJson } from "../../data/json.ts";
import { canonicalKey } from "./canonical-key.ts";
import type { Keyword } from "./keyword.ts";
import { showValue } from "./show-value.ts";

const TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"];

/** True when the value is of the JSON Schema type. */
export function isOfType(value: JsonValue, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  return typeof value === type;
}

const type: Keyword = (argument, context) => {
  const types = Array.isArray(argument) ? argument : [argument];
  const known = types.filter((name) => typeof name === "string" && TYPES.includes(name));
  if (known.length !== types.length || known.length === 0) {
    return context.problem(
      `"type" must be one of ${TYPES.join(", ")}, or a list of them, not ${JSON.stringify(argument)}`,
    );
  }
  const names = known.map(String);
  const wanted = context.words(context.schema);
  return (value, place, evaluation) =>
    names.some((name) => isOfType(value, name)) ||
    evaluation.fail(place, () => quotedValue(value, names) ?? `wanted ${wanted}, got ${showValue(value)}`);
};

const LONGEST_QUOTED = 10_000;

/** The message for a text that holds a value of a wanted type, such as a number in quotes; `null` for any other value. */
function quotedValue(value: JsonValue, types: readonly string[]): string | null {
  if (typeof value !== "string" || value.length > LONGEST_QUOTED) return null;
  const inner = parseJson(value.replace(/(?<=\d),(?=\d{3}(?!\d))/g, ""));
  if (inner === undefined || !types.some((name) => isOfType(inner, name))) return null;
  const got = showValue(value);
  if (typeof inner === "number") return `wanted a number such as ${inner}, got the text ${got}`;
  if (typeof inner === "object" && inner !== null)
    return `wanted ${showValue(inner)}, got its JSON as the text ${got}: give the value itself`;
  return `wanted ${inner}, got the text ${got}`;
}

const enumeration: Keyword = (argument, context) => {
  if (!Array.isArray(argument) || argument.length === 0)
    return context.problem('"enum" must be a list of values');
  const keys = new Set(argument.map((item) => canonicalKey(item)));
  const wanted = context.words({ enum: argument });
  return (value, place, evaluation) =>
    keys.has(evaluation.key(value)) ||
    evaluation.fail(place, () => `wanted ${wanted}, got ${showValue(value)}`);
};

const constant: Keyword = (argument, context) => enumeration([argument], context);

function bound(name: string, holds: (value: number, limit: number) => boolean, words: string): Keyword {
  return (argument, context) => {
    if (typeof argument !== "number") return context.problem(`"${name}" must be a number`);
    return (value, place, evaluation) =>
      typeof value !== "number" ||
      holds(value, argument) ||
      evaluation.fail(place, () => `wanted a number ${words} ${argument}, got ${value}`);
  };
}

/** Exact for whole numbers; for others as exact as decimal fractions in binary can be. */
function isMultiple(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor)) return value % divisor === 0;
  const ratio = value / divisor;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9;
}

const multipleOf: Keyword = (argument, context) => {
  if (typeof argument !== "number" || argument <= 0)
    return context.problem('"multipleOf" must be a number above 0');
  return bound("multipleOf", isMultiple, "that is a multiple of")(argument, context);
};

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function textLength(name: string, holds: (length: number, limit: number) => boolean, words: string): Keyword {
  return (argument, context) => {
    if (typeof argument !== "number" || argument < 0)
      return context.problem(`"${name}" must be a number from 0`);
    return (value, place, evaluation) => {
      if (typeof value !== "string" || !evaluation.spend(value.length >> 4)) return typeof value !== "string";
      const length = countCharacters(value);
      if (holds(length, argument)) return true;
      return evaluation.fail(place, () => `wanted text of ${words} ${argument} characters, got ${length}`);
    };
  };
}

/** The schema author's regular expression, or `null` when it does not compile. */
export function compilePattern(source: JsonValue): RegExp | null {
  if (typeof source !== "string") return null;
  try {
    return new RegExp(source, "u");
  } catch {
    return null;
  }
}

const pattern: Keyword = (argument, context) => {
  const expression = compilePattern(argument);
  if (expression === null)
    return context.problem('"pattern" must be a regular expression of JavaScript, with flag u');
  return (value, place, evaluation) =>
    typeof value !== "string" ||
    expression.test(value) ||
    evaluation.fail(place, () => `wanted text that matches /${expression.source}/, got ${showValue(value)}`);
};

/** Keywords that look at a value without looking into it. */
export const valueKeywords: Readonly<Record<string, Keyword>> = {
  type,
  enum: enumeration,
  const: constant,
  minimum: bound("minimum", (value, limit) => value >= limit, "not below"),
  maximum: bound("maximum", (value, limit) => value <= limit, "not above"),
  exclusiveMinimum: bound("exclusiveMinimum", (value, limit) => value > limit, "above"),
  exclusiveMaximum: bound("exclusiveMaximum", (value, limit) => value < limit, "below"),
  multipleOf,
  minLength: textLength("minLength", (length, limit) => length >= limit, "at least"),
  maxLength: textLength("maxLength", (length, limit) => length <= limit, "at most"),
  pattern,
};

/** The number a keyword of the same schema holds, or `null`. */
export function numberAt(schema: JsonObject, name: string): number | null {
  const value = schema[name];
  return typeof value === "number" ? value : null;
}
