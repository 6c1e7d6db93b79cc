import { deepFreeze, isJsonObject, type JsonValue } from "../data/json.ts";
import { compileJsonSchema } from "./json-schema/compile-json-schema.ts";
import { showValue } from "./json-schema/show-value.ts";
import { throughJson } from "./json-schema/through-json.ts";
import { type ResolvedSchema, resolvedJsonSchema } from "./schema.ts";

const MAX_BYTES = 64 * 1024;
const MAX_DEPTH = 32;

const ADVICE = 'say it in words in "description" and check it in code';

/** Keywords whose text one model chooses and a regular expression engine would run on another's. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["pattern", ADVICE],
  ["patternProperties", 'write "additionalProperties" instead'],
  ["format", ADVICE],
]);

/** A model's schema, ready to use, or what the model should change. */
export type ModelSchemaCheck =
  | { readonly ok: true; readonly schema: ResolvedSchema }
  | { readonly ok: false; readonly message: string };

/**
 * Takes a JSON Schema that a model wrote. It is hostile until proven otherwise: bounded in size (64 KiB) and depth
 * (32), local references only, no regular expressions. Linear in its size; never throws.
 */
export function checkModelSchema(value: unknown): ModelSchemaCheck {
  if (typeof value !== "boolean" && !isJsonObject(value)) {
    return refuse(
      `it must be a JSON Schema object such as {type: "object", properties: {…}}, not ${showValue(value)}`,
    );
  }
  const json = throughJson(value);
  if ("problem" in json) return refuse(`it must be JSON (${json.problem})`);
  const problem = findExcess(json.text, json.value);
  if (problem !== null) return refuse(problem);
  const jsonSchema =
    typeof json.value === "boolean" || isJsonObject(json.value) ? deepFreeze(json.value) : true;
  const compiled = compileJsonSchema(jsonSchema, { refused: REFUSED });
  if (!compiled.ok) return refuse(compiled.problems.join("; "));
  return { ok: true, schema: resolvedJsonSchema(jsonSchema, compiled.root) };
}

function refuse(problem: string): ModelSchemaCheck {
  return { ok: false, message: `The output schema cannot be used: ${problem}.`.slice(0, 2_000) };
}

function findExcess(text: string, value: JsonValue): string | null {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > MAX_BYTES) return `it has ${bytes} bytes, and at most ${MAX_BYTES} are allowed`;
  const pending: { readonly at: JsonValue; readonly depth: number }[] = [{ at: value, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next.at !== "object" || next.at === null) continue;
    if (next.depth > MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} levels deep`;
    for (const at of Object.values(next.at)) pending.push({ at, depth: next.depth + 1 });
  }
  return null;
}
