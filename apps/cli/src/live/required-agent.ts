import { RLMError } from "@rlmflow/core";
import type { AskFlags } from "./ask-run.ts";

/** The agent that a command is about. Throws `invalid_options` when none is named. */
export function requiredAgent({ agent }: AskFlags): string {
  if (agent !== undefined && agent.trim() !== "") return agent.trim();
  throw new RLMError(
    "invalid_options",
    "- an agent is needed: --agent root, or the id of one below it like root.scan",
  );
}
