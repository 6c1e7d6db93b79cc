import { isJsonObject, type JsonObject, type JsonSchema, type JsonValue } from "../../data/json.ts";
import { findByPointer } from "./json-pointer.ts";

const MAX_DEPTH = 5;
const MAX_CHARACTERS = 300;
const MAX_VALUES = 12;
const NAMES: Readonly<Record<string, string>> = { array: "any[]", object: "object" };

/**
 * Owns the writing of one type. Invariant: once {@link MAX_CHARACTERS} are written every further piece is
 * `any`, so that a schema whose references multiply costs no more than a small one.
 */
class Writer {
  readonly #root: JsonSchema;
  #left = MAX_CHARACTERS;

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  type(schema: JsonValue | undefined, depth = 0): string {
    this.#left -= 1;
    if (schema === false) return "never";
    if (!isJsonObject(schema) || this.#left <= 0) return "any";
    const words = this.#words(schema, depth);
    return words.length > MAX_CHARACTERS ? `${words.slice(0, MAX_CHARACTERS - 1)}…` : words;
  }

  #words(schema: JsonObject, depth: number): string {
    if (schema.const !== undefined) return this.#values([schema.const]);
    if (Array.isArray(schema.enum)) return this.#values(schema.enum);
    if (typeof schema.$ref === "string") return this.#reference(schema.$ref, depth);
    for (const name of ["anyOf", "oneOf"]) {
      const options = schema[name];
      if (Array.isArray(options)) return this.#join(options, " | ", depth);
    }
    if (Array.isArray(schema.allOf)) return this.#join(schema.allOf, " & ", depth);
    if (Array.isArray(schema.type))
      return schema.type.map((type) => this.#named(schema, type, depth)).join(" | ");
    return this.#named(schema, schema.type ?? impliedType(schema), depth);
  }

  #named(schema: JsonObject, type: JsonValue, depth: number): string {
    if (type === "array") return this.#list(schema, depth);
    if (type === "object") return this.#object(schema, depth);
    return this.#write(typeof type === "string" && type !== "" ? type : "any");
  }

  #values(values: readonly JsonValue[]): string {
    const shown = values.slice(0, MAX_VALUES).map((value) => this.#write(JSON.stringify(value).slice(0, 60)));
    const rest = values.length - shown.length;
    return shown.join(" | ") + (rest > 0 ? ` | … (${rest} more)` : "");
  }

  #join(options: readonly JsonValue[], separator: string, depth: number): string {
    const words = this.#each(options, depth);
    return [...new Set(words)].join(separator);
  }

  #each(options: readonly JsonValue[], depth: number): readonly string[] {
    if (depth > MAX_DEPTH) return [this.#write("any")];
    const words: string[] = [];
    for (const option of options) {
      if (this.#left > 0) words.push(this.type(option, depth + 1));
    }
    if (words.length < options.length) words.push("…");
    return words;
  }

  #reference(ref: string, depth: number): string {
    if (depth > MAX_DEPTH || ref === "#") return this.#write(ref === "#" ? "object" : "any");
    return this.type(findByPointer(this.#root, ref), depth + 1);
  }

  #list(schema: JsonObject, depth: number): string {
    const tuple = Array.isArray(schema.prefixItems) ? schema.prefixItems : schema.items;
    if (Array.isArray(tuple)) return `[${this.#each(tuple, depth).join(", ")}]`;
    if (depth > MAX_DEPTH || schema.items === undefined) return this.#write("any[]");
    const item = this.type(schema.items, depth + 1);
    return /[|&]/.test(item) && !/^\{.*\}$/.test(item) ? `(${item})[]` : `${item}[]`;
  }

  #object(schema: JsonObject, depth: number): string {
    const fields = isJsonObject(schema.properties) ? Object.entries(schema.properties) : [];
    if (depth > MAX_DEPTH) return this.#write("object");
    if (fields.length === 0 && !isJsonObject(schema.additionalProperties)) return this.#write("object");
    const required = Array.isArray(schema.required) ? schema.required : [];
    const words: string[] = [];
    for (const [key, field] of fields) {
      if (this.#left <= 0) break;
      words.push(`${this.#write(key)}${required.includes(key) ? "" : "?"}: ${this.type(field, depth + 1)}`);
    }
    if (words.length < fields.length) words.push("…");
    if (isJsonObject(schema.additionalProperties)) {
      words.push(`[key: string]: ${this.type(schema.additionalProperties, depth + 1)}`);
    }
    return `{${words.join(", ")}}`;
  }

  #write(text: string): string {
    this.#left -= text.length + 2;
    return NAMES[text] ?? text;
  }
}

function impliedType(schema: JsonObject): string {
  if (schema.properties !== undefined || schema.additionalProperties !== undefined) return "object";
  return schema.items !== undefined || schema.prefixItems !== undefined ? "array" : "";
}

/**
 * The type that a JSON Schema describes, in words a model reads at a glance: `string[]`, `{a: string, b?: number}`,
 * `"x" | "y"`. At most 300 characters; what does not fit is left open (`any`, `…`). Never throws.
 */
export function typeWords(schema: JsonSchema, root: JsonSchema = schema): string {
  return new Writer(root).type(schema);
}
