import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";
import { readTextOrInput } from "../live/read-text-or-input.ts";
import { requiredAgent } from "../live/required-agent.ts";

/** `rlmflow code`: puts other code in the place of what an agent is about to run. */
export async function codeCommand(
  path: string,
  file: string,
  flags: AskFlags,
  io: CommandIo,
): Promise<ExitCode> {
  const agentId = requiredAgent(flags);
  return await askRun(path, flags, { kind: "code", agentId, code: await readTextOrInput(file, io) }, io);
}
