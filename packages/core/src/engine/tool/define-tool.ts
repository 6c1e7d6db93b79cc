import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema, JsonValue } from "../../data/json.ts";
import { RLMError } from "../../errors.ts";
import type { SchemaLike, Tool, ToolContext } from "../../protocols/tool.ts";
import { copyJson } from "../../schema/json-copy.ts";
import { typeWords } from "../../schema/json-schema/type-words.ts";
import { type ResolvedSchema, resolveSchema } from "../../schema/schema.ts";
import {
  bindArguments,
  showSignature,
  type ToolSignature,
  toolParameters,
  withoutNulls,
} from "./tool-arguments.ts";
import { requireToolName } from "./tool-name.ts";

/** A host function, described well enough for a model to call it and for the engine to check and repeat it. */
export interface ToolDefinition<Input, Output = unknown> {
  /** A name that code can use, at most 64 letters and digits. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description: string;
  /** An object schema; its fields are the positional parameters, required ones first. */
  readonly input: SchemaLike<Input>;
  /** The schema of answers, which are checked against it. A Standard Schema also types the result of `run`. */
  readonly output?: StandardSchemaV1<Output, unknown> | JsonSchema;
  /** `"safe"` when a call whose answer was lost may simply be made again, else `"never"`. */
  readonly repeat: Tool["repeat"];
  /** Answers with JSON (`undefined` is `null`). What it throws the code can catch: name and message. */
  run(input: Input, context: ToolContext): NoInfer<Output> | Promise<NoInfer<Output>>;
}

/**
 * Makes a tool. Code calls it with positional arguments or with one object of named ones. Throws `invalid_options`
 * or `invalid_schema` for a definition that cannot work.
 */
export function defineTool<Input, Output = unknown>(definition: ToolDefinition<Input, Output>): Tool {
  const { name, description, repeat } = definition;
  requireToolName(name);
  if (repeat !== "safe" && repeat !== "never") {
    throw new RLMError(
      "invalid_options",
      `Tool ${name} must say repeat: "safe" or "never": whether a call whose answer was lost may be made again.`,
    );
  }
  const input = resolveSchema(definition.input, `The input of tool ${name}`);
  const output =
    definition.output === undefined ? null : resolveSchema(definition.output, `The output of tool ${name}`);
  const parameters = toolParameters(name, input.jsonSchema);
  return Object.freeze({
    name,
    description,
    repeat,
    parameters,
    returns: output === null ? "any" : typeWords(output.jsonSchema),
    check: (args: readonly JsonValue[]) => checkArguments({ name, parameters }, input, args),
    run: async (value: unknown, context: ToolContext) =>
      checkAnswer(name, output, await definition.run(value as Input, context)),
  });
}

async function checkArguments(
  tool: ToolSignature,
  schema: ResolvedSchema,
  args: readonly JsonValue[],
): Promise<unknown> {
  const input = bindArguments(tool, args);
  const checked = await schema.check(input);
  if (checked.ok) return checked.value;
  const shorter = withoutNulls(tool.parameters, input);
  const again = shorter === null ? checked : await schema.check(shorter);
  if (again.ok) return again.value;
  throw new TypeError(`${showSignature(tool)}: ${again.message}`);
}

/** The answer as JSON; a TypeError says what it was instead. */
export async function checkAnswer(
  name: string,
  schema: ResolvedSchema | null,
  answer: unknown,
): Promise<JsonValue> {
  const copied = copyJson(answer);
  if (!copied.ok) throw new TypeError(`The tool ${name} did not answer with JSON but with ${copied.problem}`);
  const checked = await schema?.check(copied.value);
  if (checked?.ok === false)
    throw new TypeError(
      `The tool ${name} gave an answer that does not fit its output schema: ${checked.message}`,
    );
  return copied.value;
}
