import { isJsonObject, type JsonSchema, type JsonValue, parseJson } from "../data/json.ts";
import { foldEnums } from "./fold-enums.ts";
import { asJson } from "./json-copy.ts";
import type { ResolvedSchema } from "./schema.ts";

/** The JSON value of a model's reply, which fits a schema, or what is wrong with it, for the model. */
export type JsonReply =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly message: string };

/** How many places in the text are tried as the beginning of a value, so that the time stays linear in the reply. */
const MOST_EMBEDDED = 32;

/**
 * Reads a reply as tolerantly as it can without guessing: the whole text, a fence, the only fitting value among prose, or
 * a bare string where the schema accepts that string; each also with trailing commas and with enum words in another
 * case. Reasoning must have been removed. Several fitting values that differ are refused.
 */
export async function readJsonReply(text: string, schema: ResolvedSchema): Promise<JsonReply> {
  const whole = parsed(text);
  const fit = whole === undefined ? null : await fitting(whole, schema);
  if (whole !== undefined && fit?.ok === true) return fit;
  const fenced = [...text.matchAll(/```[^\n`]*\n([\s\S]*?)```/g)].map(([, body = ""]) => parsed(body));
  const inFences = await uniqueFit(fenced, schema);
  if (inFences !== null) return inFences;
  const amongProse = whole === undefined ? await uniqueFit(embedded(text), schema) : null;
  if (amongProse !== null) return amongProse;
  const bare = await bareString(text, schema);
  if (bare !== null) return bare;
  if (fit !== null) return fit;
  const [first] = [...fenced, ...embedded(text)].filter((value) => value !== undefined);
  if (first !== undefined) {
    const nearest = await fitting(first, schema);
    if (!nearest.ok) return nearest;
    return { ok: false, message: "It holds several JSON values that fit but differ: give one." };
  }
  return { ok: false, message: "It is not JSON." };
}

async function fitting(value: JsonValue, schema: ResolvedSchema): Promise<JsonReply> {
  const check = await schema.check(value);
  if (check.ok) return { ok: true, value: asJson(check.value, "llmQuery") };
  const folded = await schema.check(foldEnums(value, schema.jsonSchema));
  return folded.ok ? { ok: true, value: asJson(folded.value, "llmQuery") } : check;
}

/** The value that fits, if all fitting values are equal. */
async function uniqueFit(
  values: readonly (JsonValue | undefined)[],
  schema: ResolvedSchema,
): Promise<JsonReply | null> {
  const found = new Map<string, JsonReply>();
  for (const value of values) {
    if (value === undefined) continue;
    const fit = await fitting(value, schema);
    if (fit.ok) found.set(JSON.stringify(fit.value), fit);
  }
  const [only] = found.values();
  return only !== undefined && found.size === 1 ? only : null;
}

/** The text itself as a string, if the schema accepts only strings. */
async function bareString(text: string, schema: ResolvedSchema): Promise<JsonReply | null> {
  if (!takesStrings(schema.jsonSchema)) return null;
  const plain = text.trim();
  const bared = plain.replace(/^[\s"'`*_]+|[\s"'`*_.!]+$/g, "");
  for (const candidate of [plain, bared]) {
    if (candidate === "") continue;
    const fit = await fitting(candidate, schema);
    if (fit.ok) return fit;
  }
  return null;
}

function takesStrings(schema: JsonSchema): boolean {
  if (!isJsonObject(schema)) return false;
  const { type, enum: words, const: word } = schema;
  if (Array.isArray(words)) return words.some((one) => typeof one === "string");
  return type === "string" || typeof word === "string";
}

/** The value of JSON text, trailing commas allowed; `undefined` for other text. */
function parsed(text: string): JsonValue | undefined {
  return parseJson(text) ?? parseJson(withoutTrailingCommas(text));
}

function withoutTrailingCommas(text: string): string {
  return text.replaceAll(
    /("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])/g,
    (_match, quoted: string | undefined) => quoted ?? "",
  );
}

/** The outermost objects and lists in a text. */
function embedded(text: string): readonly (JsonValue | undefined)[] {
  const found: (JsonValue | undefined)[] = [];
  let at = 0;
  for (let tries = 0; tries < MOST_EMBEDDED; tries += 1) {
    const start = text.slice(at).search(/[[{]/);
    if (start === -1) break;
    const end = endOfValue(text, at + start);
    const value = end === -1 ? undefined : parsed(text.slice(at + start, end));
    if (value !== undefined) found.push(value);
    at = value === undefined ? at + start + 1 : end;
  }
  return found;
}

/** The position after the bracket that closes the one at `start`, strings skipped; -1 if it is never closed. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (inString) {
      if (character === "\\") at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}
