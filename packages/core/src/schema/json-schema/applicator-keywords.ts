import { isJsonObject, type JsonValue } from "../../data/json.ts";
import type { Evaluation, Place, SchemaNode } from "./evaluation.ts";
import type { Keyword, KeywordContext } from "./keyword.ts";
import { showValue } from "./show-value.ts";
import { isOfType } from "./value-keywords.ts";

function alternatives(
  name: string,
  argument: JsonValue,
  context: KeywordContext,
): readonly SchemaNode[] | null {
  if (!Array.isArray(argument) || argument.length === 0)
    return context.problem(`"${name}" must be a list of schemas`);
  return argument.map((item, index) => context.same(item, name, index));
}

const allOf: Keyword = (argument, context) => {
  const nodes = alternatives("allOf", argument, context);
  if (nodes === null) return null;
  return (value, place, evaluation) => {
    let holds = true;
    for (const node of nodes) {
      if (evaluation.check(node, value, place)) continue;
      holds = false;
      if (evaluation.saturated) break;
    }
    return holds;
  };
};

/** True unless the schema plainly is for another type of value, or for another value of a marking field. */
function mayBeMeant(node: SchemaNode, value: JsonValue): boolean {
  if (!isJsonObject(node.source)) return false;
  const { type, properties } = node.source;
  if (typeof type === "string" && !isOfType(value, type)) return false;
  if (!isJsonObject(properties) || !isJsonObject(value)) return true;
  return Object.entries(properties).every(
    ([key, schema]) => !isJsonObject(schema) || schema.const === undefined || schema.const === value[key],
  );
}

/** Says what is wrong by the one alternative that can have been meant, else names them all. */
function failAlternatives(
  nodes: readonly SchemaNode[],
  wanted: string,
  value: JsonValue,
  place: Place,
  evaluation: Evaluation,
): false {
  if (evaluation.saturated) return false;
  const [meant, other] = nodes.filter((node) => mayBeMeant(node, value));
  if (meant !== undefined && other === undefined) {
    evaluation.check(meant, value, place);
    return false;
  }
  return evaluation.fail(place, () => `wanted ${wanted}, got ${showValue(value)}`);
}

const anyOf: Keyword = (argument, context) => {
  const nodes = alternatives("anyOf", argument, context);
  if (nodes === null) return null;
  const wanted = context.words({ anyOf: argument });
  return (value, place, evaluation) => {
    for (const node of nodes) {
      if (evaluation.fits(node, value, place)) return true;
      if (evaluation.exhausted) return false;
    }
    return failAlternatives(nodes, wanted, value, place, evaluation);
  };
};

const oneOf: Keyword = (argument, context) => {
  const nodes = alternatives("oneOf", argument, context);
  if (nodes === null) return null;
  const wanted = context.words({ oneOf: argument });
  return (value, place, evaluation) => {
    let fitting = 0;
    for (const node of nodes) {
      if (evaluation.fits(node, value, place)) fitting += 1;
      if (evaluation.exhausted) return false;
      if (fitting > 1) return evaluation.fail(place, () => `fits more than one of ${wanted}`);
    }
    return fitting === 1 || failAlternatives(nodes, wanted, value, place, evaluation);
  };
};

const not: Keyword = (argument, context) => {
  const node = context.same(argument, "not");
  const words = context.words(node.source);
  return (value, place, evaluation) =>
    !evaluation.fits(node, value, place) ||
    evaluation.fail(place, () => `must not be ${words}, got ${showValue(value)}`);
};

const condition: Keyword = (argument, context) => {
  const node = context.same(argument, "if");
  const { then, else: otherwise } = context.schema;
  const thenNode = then === undefined ? null : context.same(then, "then");
  const elseNode = otherwise === undefined ? null : context.same(otherwise, "else");
  return (value, place, evaluation) => {
    const next = evaluation.fits(node, value, place) ? thenNode : elseNode;
    return next === null || evaluation.check(next, value, place);
  };
};

/** `then` and `else` without an `if` say nothing; with one, it has compiled them. */
function branch(name: string): Keyword {
  return (argument, context) => {
    if (context.schema.if === undefined) context.same(argument, name);
    return null;
  };
}

const reference: Keyword = (argument, context) => {
  if (typeof argument !== "string") return context.problem('"$ref" must be a text such as "#/$defs/name"');
  const link = context.reference(argument);
  return (value, place, evaluation) => link.target === null || evaluation.check(link.target, value, place);
};

function definitions(name: string): Keyword {
  return (argument, context) => {
    if (!isJsonObject(argument)) return context.problem(`"${name}" must be an object of schemas`);
    for (const [key, schema] of Object.entries(argument)) context.part(schema, name, key);
    return null;
  };
}

/** Keywords that apply other schemas to the same value, or only name them. */
export const applicatorKeywords: ReadonlyMap<string, Keyword> = new Map([
  ["allOf", allOf],
  ["anyOf", anyOf],
  ["oneOf", oneOf],
  ["not", not],
  ["if", condition],
  ["then", branch("then")],
  ["else", branch("else")],
  ["$ref", reference],
  ["$defs", definitions("$defs")],
  ["definitions", definitions("definitions")],
]);
