import { RLMError } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";
import { requiredAgent } from "../live/required-agent.ts";

/** `rlmflow say`: tells an agent something, which its model reads with the next request. */
export async function sayCommand(
  path: string,
  words: readonly string[],
  flags: AskFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const text = words.join(" ");
  if (text.trim() === "")
    throw new RLMError("invalid_options", '- a text is needed: rlmflow say <workspace> --agent root "…"');
  return await askRun(path, flags, { kind: "say", agentId: requiredAgent(flags), text }, io);
}
