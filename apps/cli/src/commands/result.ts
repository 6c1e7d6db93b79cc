import { type JsonValue, RLMError } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { askAgent } from "../live/ask-agent.ts";
import type { AskFlags } from "../live/ask-run.ts";
import { readTextOrInput } from "../live/read-text-or-input.ts";

/** `rlmflow result`: gives an agent its result, as JSON, and stops what works below it. */
export async function resultCommand(
  path: string,
  json: string,
  flags: AskFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const text = json === "-" ? await readTextOrInput(json, io) : json;
  const result = parse(text);
  return await askAgent(path, flags, (agentId) => ({ kind: "result", agentId, result }), io);
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const hint = "a text needs quotes of its own, like '\"done\"'";
    throw new RLMError("invalid_options", `- the result must be JSON: ${hint}`, { cause });
  }
}
