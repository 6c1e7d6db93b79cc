import { isJsonObject, type JsonObject, type JsonValue } from "../../data/json.ts";
import type { Evaluation, Place, Rule, SchemaNode } from "./evaluation.ts";
import { type Keyword, type KeywordContext, textList } from "./keyword.ts";
import { showValue } from "./show-value.ts";
import { compilePattern } from "./value-keywords.ts";

/** A rule for objects only. */
function forObjects(rule: (value: JsonObject, place: Place, evaluation: Evaluation) => boolean): Rule {
  return (value, place, evaluation) => !isJsonObject(value) || rule(value, place, evaluation);
}

/** Runs a check for each entry, ends early when nothing can be added. */
function all<T>(entries: Iterable<T>, evaluation: Evaluation, holds: (entry: T) => boolean): boolean {
  let every = true;
  for (const entry of entries) {
    if (evaluation.spend(1) && holds(entry)) continue;
    every = false;
    if (evaluation.saturated) break;
  }
  return every;
}

function field(value: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function schemaMap(
  name: string,
  argument: JsonValue,
  compile: (key: string, schema: JsonValue) => SchemaNode,
  context: KeywordContext,
) {
  if (!isJsonObject(argument)) return context.problem(`"${name}" must be an object of schemas`);
  return Object.entries(argument).map(([key, schema]) => ({ key, node: compile(key, schema) }));
}

const properties: Keyword = (argument, context) => {
  const fields = schemaMap(
    "properties",
    argument,
    (key, schema) => context.part(schema, "properties", key),
    context,
  );
  if (fields === null) return null;
  return forObjects((value, place, evaluation) =>
    all(fields, evaluation, ({ key, node }) => {
      const item = field(value, key);
      return item === undefined || evaluation.check(node, item, { parent: place, key });
    }),
  );
};

const patternProperties: Keyword = (argument, context) => {
  const part = (key: string, schema: JsonValue) => context.part(schema, "patternProperties", key);
  const fields = schemaMap("patternProperties", argument, part, context);
  const patterns = fields?.map(({ key, node }) => ({ expression: compilePattern(key), node }));
  if (patterns === undefined) return null;
  if (patterns.some(({ expression }) => expression === null)) {
    return context.problem(
      'the keys of "patternProperties" must be regular expressions of JavaScript, with flag u',
    );
  }
  return forObjects((value, place, evaluation) =>
    all(Object.entries(value), evaluation, ([key, item]) =>
      all(
        patterns,
        evaluation,
        ({ expression, node }) =>
          expression?.test(key) !== true || evaluation.check(node, item, { parent: place, key }),
      ),
    ),
  );
};

const additionalProperties: Keyword = (argument, context) => {
  const node = context.part(argument, "additionalProperties");
  const known = isJsonObject(context.schema.properties)
    ? new Set(Object.keys(context.schema.properties))
    : new Set();
  const matched = isJsonObject(context.schema.patternProperties)
    ? Object.keys(context.schema.patternProperties)
    : [];
  const patterns = matched.map(compilePattern);
  const names = [...known].slice(0, 20).join(", ") || "none";
  return forObjects((value, place, evaluation) =>
    all(Object.entries(value), evaluation, ([key, item]) => {
      if (known.has(key) || patterns.some((expression) => expression?.test(key) === true)) return true;
      if (node.source !== false) return evaluation.check(node, item, { parent: place, key });
      return evaluation.fail({ parent: place, key }, () => `is not a known field (known are: ${names})`);
    }),
  );
};

const propertyNames: Keyword = (argument, context) => {
  const node = context.part(argument, "propertyNames");
  const wanted = context.words(node.source);
  return forObjects((value, place, evaluation) =>
    all(
      Object.keys(value),
      evaluation,
      (key) =>
        evaluation.fits(node, key, place) ||
        evaluation.fail(
          { parent: place, key },
          () => `is not a name that is allowed here (wanted ${wanted})`,
        ),
    ),
  );
};

const required: Keyword = (argument, context) => {
  const names = textList(argument, "required", context);
  if (names === null) return null;
  const declared = isJsonObject(context.schema.properties) ? context.schema.properties : {};
  const wordsOf = (key: string): string => {
    const schema = field(declared, key);
    return isJsonObject(schema) ? context.words(schema) : "a value";
  };
  return forObjects((value, place, evaluation) =>
    all(
      names,
      evaluation,
      (key) =>
        Object.hasOwn(value, key) ||
        evaluation.fail({ parent: place, key }, () => `wanted ${wordsOf(key)}, got nothing`),
    ),
  );
};

/** "When this field is there, so are those", or "then the whole must fit this schema". */
function dependencies(name: string, accepts: { lists: boolean; schemas: boolean }): Keyword {
  const dependent = (key: string, then: JsonValue, context: KeywordContext): Rule | null => {
    if (Array.isArray(then) && accepts.lists) return required(then, context);
    if (Array.isArray(then) || !accepts.schemas)
      return context.problem(`"${name}" must hold ${accepts.lists ? "lists of texts" : "schemas"}`);
    const node = context.same(then, name, key);
    return (value, place, evaluation) => evaluation.check(node, value, place);
  };
  return (argument, context) => {
    if (!isJsonObject(argument)) return context.problem(`"${name}" must be an object`);
    const rules = Object.entries(argument).map(([key, then]) => ({
      key,
      rule: dependent(key, then, context),
    }));
    return forObjects((value, place, evaluation) =>
      all(
        rules,
        evaluation,
        ({ key, rule }) => !Object.hasOwn(value, key) || rule === null || rule(value, place, evaluation),
      ),
    );
  };
}

function fieldCount(name: string, holds: (count: number, limit: number) => boolean, words: string): Keyword {
  return (argument, context) => {
    if (typeof argument !== "number" || argument < 0)
      return context.problem(`"${name}" must be a number from 0`);
    return forObjects((value, place, evaluation) => {
      const count = Object.keys(value).length;
      if (!evaluation.spend(count >> 3)) return false;
      return (
        holds(count, argument) ||
        evaluation.fail(place, () => `wanted ${words} ${argument} fields, got ${showValue(count)}`)
      );
    });
  };
}

/** Keywords of objects. */
export const objectKeywords: Readonly<Record<string, Keyword>> = {
  properties,
  patternProperties,
  additionalProperties,
  propertyNames,
  required,
  dependentRequired: dependencies("dependentRequired", { lists: true, schemas: false }),
  dependentSchemas: dependencies("dependentSchemas", { lists: false, schemas: true }),
  dependencies: dependencies("dependencies", { lists: true, schemas: true }),
  minProperties: fieldCount("minProperties", (count, limit) => count >= limit, "at least"),
  maxProperties: fieldCount("maxProperties", (count, limit) => count <= limit, "at most"),
};
