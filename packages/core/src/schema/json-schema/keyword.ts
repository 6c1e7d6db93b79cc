import type { JsonObject, JsonSchema, JsonValue } from "../../data/json.ts";
import type { Rule, SchemaNode } from "./evaluation.ts";

/** What compiling one keyword may use. */
export interface KeywordContext {
  /** The schema object in which the keyword stands. */
  readonly schema: JsonObject;
  /** Compiles a subschema that judges the same value. */
  same(subschema: JsonValue, ...path: readonly (string | number)[]): SchemaNode;
  /** Compiles a subschema that judges a part of the value. */
  part(subschema: JsonValue, ...path: readonly (string | number)[]): SchemaNode;
  /** The schema that a `$ref` names, once everything is compiled. */
  reference(ref: string): { readonly target: SchemaNode | null };
  /** Notes that the keyword is not written as it must be. */
  problem(message: string): null;
  /** The type a value of the schema has, in words. */
  words(schema: JsonSchema): string;
}

/** Compiles a keyword; `null` when it needs no rule or is wrongly written. */
export type Keyword = (argument: JsonValue, context: KeywordContext) => Rule | null;

/** The argument as a list of texts, or `null` and a problem. */
export function textList(
  argument: JsonValue,
  name: string,
  context: KeywordContext,
): readonly string[] | null {
  if (Array.isArray(argument)) {
    const texts = argument.filter((item) => typeof item === "string");
    if (texts.length === argument.length) return texts;
  }
  return context.problem(`"${name}" must be a list of texts`);
}
