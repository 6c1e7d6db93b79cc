import { RLMError } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { askAgent } from "../live/ask-agent.ts";
import type { AskFlags } from "../live/ask-run.ts";

/** `rlmflow say`: tells an agent something, which its model reads with the next request. */
export async function sayCommand(
  path: string,
  words: readonly string[],
  flags: AskFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const text = words.join(" ");
  if (text.trim() === "")
    throw new RLMError("invalid_options", '- a text is needed: rlmflow say <workspace> "…"');
  return await askAgent(path, flags, (agentId) => ({ kind: "say", agentId, text }), io);
}
