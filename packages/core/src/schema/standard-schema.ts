import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema } from "../data/json.ts";
import { RLMError } from "../errors.ts";

/** A schema that checks values and describes itself as JSON Schema. */
export type DescribedSchema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output> &
  StandardJSONSchemaV1<Input, Output>;

const TARGET = "draft-2020-12";

/** True for a Standard Schema of any library, a function (arktype) or an object (zod, valibot). */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = "~standard" in value ? value["~standard"] : undefined;
  return (
    typeof standard === "object" &&
    standard !== null &&
    "validate" in standard &&
    typeof standard.validate === "function"
  );
}

/** The JSON Schema of a Standard Schema's input; `invalid_schema` when it has none. */
export function describeStandardSchema(schema: StandardSchemaV1, where: string): unknown {
  const { vendor } = schema["~standard"];
  if (!describesItself(schema)) {
    throw new RLMError(
      "invalid_schema",
      `${where}: a schema of ${vendor} cannot say what it is as JSON Schema, which the model is shown. ` +
        `Pass withJsonSchema(schema, jsonSchema), with the JSON Schema written by hand or made by a converter for ${vendor}.`,
    );
  }
  try {
    return schema["~standard"].jsonSchema.input({ target: TARGET });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RLMError(
      "invalid_schema",
      `${where}: ${vendor} cannot write this schema as JSON Schema (${reason}). Leave that part out or pass withJsonSchema(schema, jsonSchema).`,
      { cause },
    );
  }
}

function describesItself(schema: StandardSchemaV1): schema is DescribedSchema {
  const standard: object = schema["~standard"];
  if (!("jsonSchema" in standard)) return false;
  const { jsonSchema } = standard;
  return (
    typeof jsonSchema === "object" &&
    jsonSchema !== null &&
    "input" in jsonSchema &&
    typeof jsonSchema.input === "function"
  );
}

/** Adds the JSON Schema that the library of a Standard Schema cannot give (valibot). The library still checks. */
export function withJsonSchema<Input, Output>(
  schema: StandardSchemaV1<Input, Output>,
  jsonSchema: JsonSchema,
): DescribedSchema<Input, Output> {
  const given = () =>
    structuredClone(typeof jsonSchema === "boolean" ? (jsonSchema ? {} : { not: {} }) : jsonSchema);
  return { "~standard": { ...schema["~standard"], jsonSchema: { input: given, output: given } } };
}
