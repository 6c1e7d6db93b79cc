import type { JsonValue } from "../../data/json.ts";
import { RLMError } from "../../errors.ts";
import type { Tool } from "../../protocols/tool.ts";
import { checkAnswer } from "./define-tool.ts";
import { requireToolName } from "./tool-name.ts";

/**
 * Makes a tool of a plain function: any arguments, any JSON as answer, and never repeated, since nothing is known
 * of what it does. Use `defineTool` to say more.
 */
export function functionTool(name: string, run: (...args: readonly never[]) => unknown): Tool {
  requireToolName(name);
  if (typeof run !== "function")
    throw new RLMError("invalid_options", `The tool ${name} must be a function, not ${typeof run}.`);
  const parameters = Object.freeze([Object.freeze({ name: "...args", type: "any[]", required: true })]);
  return Object.freeze({
    name,
    description: "",
    repeat: "never",
    parameters,
    returns: "any",
    check: async (args: readonly JsonValue[]) => args,
    run: async (input: unknown) =>
      checkAnswer(name, null, await Reflect.apply(run, undefined, Array.isArray(input) ? input : [])),
  });
}
