import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";
import { requiredAgent } from "../live/required-agent.ts";

/** `rlmflow final`: asks an agent for its answer with its next reply. */
export async function finalCommand(path: string, flags: AskFlags, io: CommandIo): Promise<ExitCode> {
  return await askRun(path, flags, { kind: "final", agentId: requiredAgent(flags) }, io);
}
