import { isJsonObject, type JsonObject, type JsonValue } from "../data/json.ts";

const DEEPEST = 32;

/**
 * The value with each string replaced by the word of the schema's enums and constants that differs from it only in case
 * and surrounding blanks, if there is exactly one. Everything else is unchanged. The result still has to be checked.
 */
export function foldEnums(value: JsonValue, schema: JsonValue): JsonValue {
  return fold(value, schema, { root: schema, depth: 0 });
}

interface Place {
  readonly root: JsonValue;
  readonly depth: number;
}

function fold(value: JsonValue, schema: JsonValue | undefined, { root, depth }: Place): JsonValue {
  if (!isJsonObject(schema) || depth > DEEPEST) return value;
  const below = { root, depth: depth + 1 };
  const referred = typeof schema.$ref === "string" ? definition(schema.$ref, root) : undefined;
  if (referred !== undefined) return fold(value, referred, below);
  if (typeof value === "string") return foldWord(value, wordsOf(schema, below));
  if (Array.isArray(value)) {
    const places = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
    return value.map((item, index) => fold(item, places[index] ?? schema.items, below));
  }
  if (!isJsonObject(value)) return value;
  const alternatives = [schema, ...alternativesOf(schema)].filter(isJsonObject);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      alternatives.reduce((left, one) => fold(left, memberSchema(one, key), below), inner),
    ]),
  );
}

function memberSchema({ properties, additionalProperties }: JsonObject, key: string): JsonValue | undefined {
  const listed = isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  return listed ?? additionalProperties;
}

function alternativesOf({ anyOf, oneOf, allOf }: JsonObject): readonly JsonValue[] {
  return [anyOf, oneOf, allOf].flatMap((list) => (Array.isArray(list) ? list : []));
}

function wordsOf(schema: JsonValue, { root, depth }: Place): readonly string[] {
  if (!isJsonObject(schema) || depth > DEEPEST) return [];
  const referred = typeof schema.$ref === "string" ? definition(schema.$ref, root) : undefined;
  const own = [...(Array.isArray(schema.enum) ? schema.enum : []), schema.const];
  const inner = [...alternativesOf(schema), ...(referred === undefined ? [] : [referred])];
  return [
    ...own.filter((word) => typeof word === "string"),
    ...inner.flatMap((one) => wordsOf(one, { root, depth: depth + 1 })),
  ];
}

function foldWord(word: string, words: readonly string[]): string {
  if (words.includes(word)) return word;
  const plain = (text: string) => text.trim().toLowerCase();
  const same = new Set(words.filter((one) => plain(one) === plain(word)));
  const [only] = same;
  return only !== undefined && same.size === 1 ? only : word;
}

function definition(reference: string, root: JsonValue): JsonValue | undefined {
  const name = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(reference)?.[1];
  if (name === undefined || !isJsonObject(root)) return undefined;
  const tables = [root.$defs, root.definitions];
  const table = tables.find((one) => isJsonObject(one) && Object.hasOwn(one, name));
  return isJsonObject(table) ? table[name] : undefined;
}
