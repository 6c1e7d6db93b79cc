import { isJsonObject, type JsonSchema, type JsonValue } from "../../data/json.ts";
import { asJson } from "./as-json.ts";
import { foldEnums } from "./fold-enums.ts";
import type { ResolvedSchema } from "./schema.ts";

/** What a model's reply says as JSON that fits a schema, or what is wrong with it, for the model. */
export type JsonReply =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly message: string };

/** Values looked for between other text, so that the time stays linear in the reply. */
const MOST_EMBEDDED = 32;

/**
 * Reads a reply as tolerantly as is unambiguous: the whole text, a fence, the one value among prose that fits, a bare
 * string where the schema takes that string, each also with trailing commas and with words of an enum in another
 * case. The reply has no reasoning in it any more. Of values that differ none is taken.
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
    return { ok: false, message: "It holds several JSON values that fit and differ." };
  }
  return { ok: false, message: "It is not JSON." };
}

async function fitting(value: JsonValue, schema: ResolvedSchema): Promise<JsonReply> {
  const check = await schema.check(value);
  if (check.ok) return { ok: true, value: asJson(check.value, "llmQuery") };
  const folded = await schema.check(foldEnums(value, schema.jsonSchema));
  return folded.ok ? { ok: true, value: asJson(folded.value, "llmQuery") } : check;
}

/** The value that fits, where all that fit are the same. */
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

/** Text that is no JSON as the string it is, where a string is all that the schema takes. */
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

/** JSON, trailing commas allowed; `undefined` for what is none. */
function parsed(text: string): JsonValue | undefined {
  return parsedStrictly(text) ?? parsedStrictly(withoutTrailingCommas(text));
}

function parsedStrictly(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function withoutTrailingCommas(text: string): string {
  return text.replaceAll(
    /("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])/g,
    (_match, quoted: string | undefined) => quoted ?? "",
  );
}

/** Objects and lists that stand in a text, the outermost of each. */
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

/** Where the brackets that open here are all closed, strings passed over; -1 where they never are. */
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
