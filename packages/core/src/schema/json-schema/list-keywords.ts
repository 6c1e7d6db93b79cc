import type { JsonValue } from "../../data/json.ts";
import type { Evaluation, Place, SchemaNode } from "./evaluation.ts";
import type { Keyword, KeywordContext } from "./keyword.ts";
import { numberAt } from "./value-keywords.ts";

function checkEach(
  list: readonly JsonValue[],
  from: number,
  node: SchemaNode,
  place: Place,
  evaluation: Evaluation,
): boolean {
  let holds = true;
  for (let index = from; index < list.length; index += 1) {
    const item = list[index];
    if (item === undefined || evaluation.check(node, item, { parent: place, key: index })) continue;
    holds = false;
    if (evaluation.saturated) break;
  }
  return holds;
}

function eachFrom(from: number, node: SchemaNode) {
  return (value: JsonValue, place: Place, evaluation: Evaluation): boolean =>
    !Array.isArray(value) || checkEach(value, from, node, place, evaluation);
}

function tuple(name: string, argument: JsonValue, context: KeywordContext) {
  if (!Array.isArray(argument)) return context.problem(`"${name}" must be a list of schemas`);
  const nodes = argument.map((item, index) => context.part(item, name, index));
  return (value: JsonValue, place: Place, evaluation: Evaluation): boolean => {
    if (!Array.isArray(value)) return true;
    let holds = true;
    for (const [index, node] of nodes.entries()) {
      const item = value[index];
      if (item === undefined) break;
      if (evaluation.check(node, item, { parent: place, key: index })) continue;
      holds = false;
      if (evaluation.saturated) break;
    }
    return holds;
  };
}

const prefixItems: Keyword = (argument, context) => tuple("prefixItems", argument, context);

const items: Keyword = (argument, context) => {
  if (Array.isArray(argument)) return tuple("items", argument, context); // draft-07's spelling of prefixItems
  const prefix = context.schema.prefixItems;
  return eachFrom(Array.isArray(prefix) ? prefix.length : 0, context.part(argument, "items"));
};

const additionalItems: Keyword = (argument, context) => {
  const node = context.part(argument, "additionalItems");
  return Array.isArray(context.schema.items) ? eachFrom(context.schema.items.length, node) : null;
};

function listLength(name: string, holds: (length: number, limit: number) => boolean, words: string): Keyword {
  return (argument, context) => {
    if (typeof argument !== "number" || argument < 0)
      return context.problem(`"${name}" must be a number from 0`);
    return (value, place, evaluation) =>
      !Array.isArray(value) ||
      holds(value.length, argument) ||
      evaluation.fail(place, () => `wanted a list of ${words} ${argument}, got ${value.length}`);
  };
}

const contains: Keyword = (argument, context) => {
  const node = context.part(argument, "contains");
  const least = numberAt(context.schema, "minContains") ?? 1;
  const most = numberAt(context.schema, "maxContains") ?? Number.POSITIVE_INFINITY;
  const wanted = context.words(node.source);
  return (value, place, evaluation) => {
    if (!Array.isArray(value)) return true;
    let found = 0;
    for (const [index, item] of value.entries()) {
      if (evaluation.exhausted) return false;
      if (evaluation.fits(node, item, { parent: place, key: index })) found += 1;
    }
    if (found >= least && found <= most) return true;
    const amount = found < least ? `at least ${least}` : `at most ${most}`;
    return evaluation.fail(place, () => `wanted ${amount} items of ${wanted}, got ${found}`);
  };
};

const uniqueItems: Keyword = (argument, context) => {
  if (typeof argument !== "boolean") return context.problem('"uniqueItems" must be true or false');
  if (!argument) return null;
  return (value, place, evaluation) => {
    if (!Array.isArray(value)) return true;
    const seen = new Map<string, number>();
    for (const [index, item] of value.entries()) {
      const key = evaluation.key(item);
      if (evaluation.exhausted) return false;
      const earlier = seen.get(key);
      if (earlier !== undefined) {
        return evaluation.fail(
          place,
          () => `wanted items that differ, but items ${earlier} and ${index} are equal`,
        );
      }
      seen.set(key, index);
    }
    return true;
  };
};

/** A keyword that another one reads: only its spelling is checked. */
function companion(name: string): Keyword {
  return (argument, context) =>
    typeof argument === "number" && argument >= 0
      ? null
      : context.problem(`"${name}" must be a number from 0`);
}

/** Keywords of lists. */
export const listKeywords: Readonly<Record<string, Keyword>> = {
  prefixItems,
  items,
  additionalItems,
  minItems: listLength("minItems", (length, limit) => length >= limit, "at least"),
  maxItems: listLength("maxItems", (length, limit) => length <= limit, "at most"),
  contains,
  minContains: companion("minContains"),
  maxContains: companion("maxContains"),
  uniqueItems,
};
