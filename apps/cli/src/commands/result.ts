import { type JsonValue, RLMError } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";
import { readTextOrInput } from "../live/read-text-or-input.ts";
import { requiredAgent } from "../live/required-agent.ts";

/** `rlmflow result`: gives an agent its result, as JSON, and stops what works below it. */
export async function resultCommand(
  path: string,
  json: string,
  flags: AskFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const agentId = requiredAgent(flags);
  const text = json === "-" ? await readTextOrInput(json, io) : json;
  return await askRun(path, flags, { kind: "result", agentId, result: parse(text) }, io);
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const hint = "a text needs quotes of its own, like '\"done\"'";
    throw new RLMError("invalid_options", `- the result must be JSON: ${hint}`, { cause });
  }
}
