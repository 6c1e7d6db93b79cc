import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { askAgent } from "../live/ask-agent.ts";
import type { AskFlags } from "../live/ask-run.ts";
import { readTextOrInput } from "../live/read-text-or-input.ts";

/** `rlmflow code`: puts other code in the place of what an agent is about to run. */
export async function codeCommand(
  path: string,
  file: string,
  flags: AskFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const code = await readTextOrInput(file, io);
  return await askAgent(path, flags, (agentId) => ({ kind: "code", agentId, code }), io);
}
