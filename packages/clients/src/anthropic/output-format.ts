import type { Anthropic } from "@anthropic-ai/sdk";
import { isJsonObject, type JsonObject, type JsonSchema, type JsonValue } from "@rlmflow/core";

/** The part of the SDK that turns a schema into what the API takes. */
export interface SchemaTransform {
  jsonSchemaOutputFormat(schema: JsonObject & { type: "object" }): {
    readonly schema: Record<string, unknown>;
  };
}

/**
 * The output format for a schema, or `undefined` for one the API cannot keep: not of an object, or with a
 * table of free keys, which the API would close and so make impossible to fill.
 */
export function outputFormat(
  output: JsonSchema | undefined,
  transform: SchemaTransform,
): Anthropic.JSONOutputFormat | undefined {
  if (!isJsonObject(output) || output.type !== "object" || hasFreeKeys(output)) return undefined;
  try {
    const { schema } = transform.jsonSchemaOutputFormat({ ...output, type: "object" });
    return { type: "json_schema", schema };
  } catch {
    // The SDK refuses schemas it cannot express; a client without structured output ignores the schema.
    return undefined;
  }
}

function hasFreeKeys(schema: JsonValue): boolean {
  if (Array.isArray(schema)) return schema.some(hasFreeKeys);
  if (!isJsonObject(schema)) return false;
  const free = schema.additionalProperties;
  if ((free !== undefined && free !== false) || schema.patternProperties !== undefined) return true;
  return Object.values(schema).some(hasFreeKeys);
}
