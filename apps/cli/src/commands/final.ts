import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { askAgent } from "../live/ask-agent.ts";
import type { AskFlags } from "../live/ask-run.ts";

/** `rlmflow final`: asks an agent for its answer with its next reply. */
export async function finalCommand(path: string, flags: AskFlags, io: CommandIo): Promise<ExitCode> {
  return await askAgent(path, flags, (agentId) => ({ kind: "final", agentId }), io);
}
