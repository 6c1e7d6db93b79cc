import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";
import { requiredAgent } from "../live/required-agent.ts";

/** `rlmflow cancel`: stops an agent and everything below it at once. */
export async function cancelCommand(
  path: string,
  flags: AskFlags & { readonly reason?: string },
  io: CommandIo,
): Promise<ExitCode> {
  const reason = flags.reason === undefined ? {} : { reason: flags.reason };
  return await askRun(path, flags, { kind: "cancel", agentId: requiredAgent(flags), ...reason }, io);
}
