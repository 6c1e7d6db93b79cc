import { isJsonObject, type JsonObject, type JsonSchema, type JsonValue } from "../../data/json.ts";
import { counted } from "../../data/words.ts";
import { RLMError } from "../../errors.ts";
import type { ToolParameter } from "../../protocols/language.ts";
import { findByPointer } from "../../schema/json-schema/json-pointer.ts";
import { showValue } from "../../schema/json-schema/show-value.ts";
import { typeWords } from "../../schema/json-schema/type-words.ts";
import { refuseToolName } from "./tool-name.ts";

/** What binding arguments needs to know of a tool. */
export interface ToolSignature {
  readonly name: string;
  readonly parameters: readonly ToolParameter[];
}

/** A tool's parameters: the fields of its input schema, the required ones first, each group as declared. */
export function toolParameters(name: string, schema: JsonSchema): readonly ToolParameter[] {
  const input = resolveReference(schema);
  if (!isJsonObject(input) || !describesObject(input)) {
    throw new RLMError(
      "invalid_options",
      `The input of tool ${name} must be an object schema, whose fields are its parameters.`,
    );
  }
  const fields = isJsonObject(input.properties) ? Object.entries(input.properties) : [];
  const required = Array.isArray(input.required) ? input.required : [];
  const parameters = fields.map(([field, type]) => {
    requireParameterName(name, field);
    const words = isJsonObject(type) || typeof type === "boolean" ? typeWords(type, schema) : "any";
    return Object.freeze({ name: field, type: words, required: required.includes(field) });
  });
  return Object.freeze([
    ...parameters.filter((one) => one.required),
    ...parameters.filter((one) => !one.required),
  ]);
}

function describesObject(schema: JsonObject): boolean {
  return schema.type === "object" || (schema.type === undefined && schema.properties !== undefined);
}

function resolveReference(schema: JsonSchema): JsonValue | undefined {
  return isJsonObject(schema) && typeof schema.$ref === "string"
    ? findByPointer(schema, schema.$ref)
    : schema;
}

function requireParameterName(tool: string, field: string): void {
  if (/^[A-Za-z_$][\w$]*$/.test(field) && refuseToolName(field) !== "is a word of the language") return;
  throw new RLMError(
    "invalid_options",
    `Tool ${tool}: ${JSON.stringify(field)} cannot be the name of a parameter. Rename the field.`,
  );
}

/** `readFile(path: string, max?: number)`, for messages. */
export function showSignature({ name, parameters }: ToolSignature): string {
  const words = parameters.map((one) => `${one.name}${one.required ? "" : "?"}: ${one.type}`);
  return `${name}(${words.join(", ")})`;
}

/**
 * The input that arguments mean: one by one, or a single object with parameter names as its keys (where that object
 * cannot be the only argument itself). Throws a TypeError that names the tool and the parameter.
 */
export function bindArguments(tool: ToolSignature, args: readonly JsonValue[]): JsonObject {
  const named = namedArguments(tool, args);
  const { parameters } = tool;
  if (named === null && args.length > parameters.length) {
    const most = counted(parameters.length, "argument");
    throw new TypeError(`${showSignature(tool)} takes at most ${most}, got ${args.length}`);
  }
  const input =
    named ?? Object.fromEntries(args.map((value, index) => [parameters[index]?.name ?? "", value]));
  const missing = parameters.find((one) => one.required && !Object.hasOwn(input, one.name));
  if (missing === undefined) return input;
  throw new TypeError(
    `${showSignature(tool)} needs "${missing.name}" (${missing.type}), got ${args.map(showValue).join(", ") || "no arguments"}`,
  );
}

function namedArguments(tool: ToolSignature, args: readonly JsonValue[]): JsonObject | null {
  const [only] = args;
  if (args.length !== 1 || !isJsonObject(only)) return null;
  const keys = Object.keys(only);
  const [first, ...others] = tool.parameters;
  if (first === undefined) return keys.length === 0 ? only : null;
  const unknown = keys.find((key) => !tool.parameters.some((one) => one.name === key));
  if (takesObject(first)) return unknown === undefined && others.length > 0 && keys.length > 0 ? only : null;
  if (unknown === undefined) return only;
  throw new TypeError(`${showSignature(tool)}: there is no argument ${showValue(unknown)}`);
}

/** False only where the words of a type are sure to be of no object. */
function takesObject({ type }: ToolParameter): boolean {
  const words = type.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  return /\b(?:any|object)\b(?!\[)|[{&…]/.test(words);
}

/** The input without the optional parameters that were passed as `null`; `null` when there are none such. */
export function withoutNulls(parameters: readonly ToolParameter[], input: JsonObject): JsonObject | null {
  const left = new Set(
    parameters.filter((one) => !one.required && input[one.name] === null).map((one) => one.name),
  );
  if (left.size === 0) return null;
  return Object.fromEntries(Object.entries(input).filter(([name]) => !left.has(name)));
}
