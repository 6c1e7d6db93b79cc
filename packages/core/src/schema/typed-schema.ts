import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema } from "../data/json.ts";
import { judgeValue } from "./json-schema/judge-value.ts";
import { compileSchema } from "./schema.ts";
import { type DescribedSchema, withJsonSchema } from "./standard-schema.ts";

/**
 * A JSON Schema with the TypeScript type of the values it admits, so that `defineTool` infers it. That the two
 * agree is the caller's word; values are checked against the schema. Throws `invalid_schema`.
 */
export function typedSchema<T>(schema: JsonSchema): DescribedSchema<T> {
  const { jsonSchema, root } = compileSchema(schema, "typedSchema(…)");
  const validate = (value: unknown): StandardSchemaV1.Result<T> => {
    const judged = judgeValue(root, value);
    return judged.ok ? { value: judged.value as T } : { issues: judged.issues };
  };
  return withJsonSchema({ "~standard": { version: 1, vendor: "rlmflow", validate } }, jsonSchema);
}
