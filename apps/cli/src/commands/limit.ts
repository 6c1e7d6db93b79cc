import { type ConfigPatch, RLMError } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { askAgent } from "../live/ask-agent.ts";
import type { AskFlags } from "../live/ask-run.ts";
import { type LimitFlags, readLimits } from "../options/limit-options.ts";

/** `rlmflow limit`: changes limits of an agent while it runs; one that a limit has stopped goes on. */
export async function limitCommand(
  path: string,
  flags: AskFlags & LimitFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const problems: string[] = [];
  const { maxConcurrency: _, maxRetries: __, ...limits } = readLimits(flags, problems);
  const config: ConfigPatch = limits;
  if (problems.length === 0 && Object.keys(config).length === 0)
    problems.push("a limit is needed, like --max-tokens 500k or --max-iterations 50");
  if (problems.length > 0)
    throw new RLMError("invalid_options", problems.map((one) => `- ${one}`).join("\n"));
  // Of tokens and money the whole run has one pool, which is the root's.
  const { agent = "root" } = flags;
  return await askAgent(path, { ...flags, agent }, (agentId) => ({ kind: "config", agentId, config }), io);
}
