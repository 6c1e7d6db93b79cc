import { RLMError } from "@rlmflow/core";
import { type BaseIssue, type GenericSchema, type InferOutput, safeParse } from "valibot";

type Issue = BaseIssue<unknown>;

/**
 * The options as the schema makes them, whatever the caller's types let through. A message of the schema
 * completes "<option> must be …". `further` looks at options that are each right: what it gives are whole
 * sentences. Throws one `invalid_options` that names everything wrong; `details.problems` has the sentences.
 */
export function checkOptions<Schema extends GenericSchema>(
  who: string,
  schema: Schema,
  options: unknown,
  further: (options: InferOutput<Schema>) => readonly string[] = () => [],
): InferOutput<Schema> {
  const { success, output, issues } = safeParse(schema, options);
  const problems = success ? further(output) : [...new Set((issues ?? []).map(sentence))];
  if (success && problems.length === 0) return output;
  const message = `${who} was given options it can't take: ${problems.join("; ")}.`;
  throw new RLMError("invalid_options", message, { details: { problems } });
}

function sentence(issue: Issue): string {
  const option = optionOf(issue);
  const { type, expected, message, input } = issue;
  // These two are about an entry, not about the record whose message they have.
  if (type === "strict_object" && expected === "never") return `there is no ${option}`;
  if (type === "strict_object" && expected?.startsWith('"')) return `${option} is missing`;
  return `${option === "" ? "the options" : option} must be ${message}, not ${shown(input)}`;
}

function optionOf({ path }: Issue): string {
  const steps = (path ?? []).map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  return steps.join("").replace(/^\./, "");
}

const LONGEST_SHOWN = 80;

/** Of a record only that it is one: it may hold what nobody should read. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "a record";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length <= LONGEST_SHOWN ? value : `${value.slice(0, LONGEST_SHOWN)}…`);
}
