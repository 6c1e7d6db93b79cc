import { type ForkKeep, RLMError } from "@rlmflow/core";
import { readText } from "../files/read-text.ts";
import { oneOf } from "./option-values.ts";

/** The options of `rlmflow fork` as they are typed. */
export interface ForkFlags {
  readonly at?: string;
  readonly name?: string;
  readonly keep?: string;
  readonly code?: string;
  readonly say?: string;
  readonly model?: string;
  readonly run?: string;
  readonly branch?: string;
  readonly json?: boolean;
}

/** The options of `rlmflow fork`, checked. */
export interface ForkCommandOptions {
  readonly at: string;
  readonly name: string | null;
  readonly keep: ForkKeep;
  /** The text of the file that `--code` names. */
  readonly code: string | null;
  readonly say: string | null;
  readonly model: string | null;
  readonly json: boolean;
}

/** Checks the options and reads the file they name. Throws one `invalid_options` that names everything that is wrong. */
export async function readForkOptions(flags: ForkFlags): Promise<ForkCommandOptions> {
  const problems: string[] = [];
  const at = flags.at?.trim() ?? "";
  if (at === "") problems.push("--at is needed: the last node that is kept, like root.scan#3");
  const keep = oneOf(["independent", "before"])(flags.keep ?? "independent");
  if (keep === null) problems.push(`--keep must be independent or before, not ${JSON.stringify(flags.keep)}`);
  if (flags.say?.trim() === "") problems.push("--say needs a text");
  const code = flags.code === undefined ? null : await readCode(flags.code, problems);
  if (problems.length === 0) {
    const { name = null, say = null, model = null, json = false } = flags;
    return { at, name, keep: keep ?? "independent", code, say, model, json };
  }
  throw new RLMError("invalid_options", problems.map((problem) => `- ${problem}`).join("\n"), {
    details: { problems },
  });
}

async function readCode(path: string, problems: string[]): Promise<string | null> {
  try {
    return await readText(path, `--code ${path}`);
  } catch (error) {
    if (!RLMError.is(error)) throw error;
    problems.push(error.message.replace(/^- /, ""));
    return null;
  }
}
