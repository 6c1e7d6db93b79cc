import type { StandardSchemaV1 } from "@standard-schema/spec";
import { deepFreeze, isJsonObject, type JsonSchema } from "../data/json.ts";
import { RLMError } from "../errors.ts";
import type { SchemaLike } from "../protocols/tool.ts";
import { compileJsonSchema } from "./json-schema/compile-json-schema.ts";
import type { Issue, SchemaNode } from "./json-schema/evaluation.ts";
import { judgeValue } from "./json-schema/judge-value.ts";
import { showPath, showValue } from "./json-schema/show-value.ts";
import { throughJson } from "./json-schema/through-json.ts";
import { describeStandardSchema, isStandardSchema } from "./standard-schema.ts";

const MAX_ISSUES = 10;
const MAX_MESSAGE = 2_000;

/** What became of checking a value. The message names each failing field and what was wanted, for the model. */
export type SchemaCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/** A schema that can be shown (as JSON Schema, frozen) and that can judge values in bounded time. */
export interface ResolvedSchema {
  readonly jsonSchema: JsonSchema;
  /** Never rejects. `value` is what the schema made of it: a Standard Schema may fill in defaults or convert. */
  check(value: unknown): Promise<SchemaCheck>;
}

/**
 * Makes a schema of any accepted kind usable. A Standard Schema is checked by its own `validate`, a JSON Schema by
 * rules; `where` names it in the `invalid_schema` error that is thrown for anything else.
 */
export function resolveSchema(schema: SchemaLike, where: string): ResolvedSchema {
  if (isStandardSchema(schema)) {
    const jsonSchema = asJsonSchema(describeStandardSchema(schema, where), where);
    return { jsonSchema, check: (value) => checkByStandard(schema, value) };
  }
  const { jsonSchema, root } = compileSchema(schema, where);
  return resolvedJsonSchema(jsonSchema, root);
}

/** Copies, freezes and compiles a JSON Schema; throws `invalid_schema` with everything that is wrong with it. */
export function compileSchema(
  schema: unknown,
  where: string,
): { readonly jsonSchema: JsonSchema; readonly root: SchemaNode } {
  const jsonSchema = asJsonSchema(schema, where);
  const compiled = compileJsonSchema(jsonSchema);
  if (compiled.ok) return { jsonSchema, root: compiled.root };
  throw new RLMError(
    "invalid_schema",
    `${where} is not a usable JSON Schema: ${compiled.problems.join("; ")}.`,
  );
}

/** The resolved form of a JSON Schema that is compiled already. */
export function resolvedJsonSchema(jsonSchema: JsonSchema, root: SchemaNode): ResolvedSchema {
  return { jsonSchema, check: async (value) => checkByRules(root, value) };
}

function asJsonSchema(schema: unknown, where: string): JsonSchema {
  const json =
    typeof schema === "boolean" || isJsonObject(schema)
      ? throughJson(schema)
      : { problem: showValue(schema) };
  if ("problem" in json) throw notASchema(where, json.problem);
  if (typeof json.value === "boolean") return json.value;
  if (!isJsonObject(json.value)) throw notASchema(where, showValue(json.value));
  const { $schema, ...rest } = json.value;
  const standard = typeof $schema !== "string" || $schema.includes("2020-12");
  return deepFreeze(standard ? rest : json.value);
}

function notASchema(where: string, given: string): RLMError {
  return new RLMError(
    "invalid_schema",
    `${where} must be a Standard Schema (zod, arktype, …) or a JSON Schema object, but it is: ${given}.`,
  );
}

function checkByRules(root: SchemaNode, value: unknown): SchemaCheck {
  const judged = judgeValue(root, value);
  return judged.ok ? judged : { ok: false, message: describeIssues(judged.issues) };
}

async function checkByStandard(schema: StandardSchemaV1, value: unknown): Promise<SchemaCheck> {
  try {
    const result = await schema["~standard"].validate(value);
    if (result.issues === undefined) return { ok: true, value: result.value };
    return { ok: false, message: describeIssues(result.issues.map(fromStandardIssue)) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { ok: false, message: `could not be checked: ${reason}`.slice(0, MAX_MESSAGE) };
  }
}

function fromStandardIssue({ message, path = [] }: StandardSchemaV1.Issue): Issue {
  return { message, path: path.map((step) => (typeof step === "object" ? step.key : step)) };
}

/** A problem of the value itself is shown without a path: a name for it could be mistaken for a field. */
function atPath(path: readonly PropertyKey[], message: string): string {
  return path.length === 0 ? message : `${showPath(path)}: ${message}`;
}

/** One line an issue, at most 10 lines and 2,000 characters. */
function describeIssues(issues: readonly Issue[]): string {
  const lines = issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => atPath(path, message).slice(0, MAX_MESSAGE / 4));
  if (issues.length > MAX_ISSUES) lines.push("… and more");
  const text = lines.join("\n");
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 1)}…` : text;
}
