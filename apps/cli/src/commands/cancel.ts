import { RLMError } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";

/** `rlmflow cancel`: stops an agent and everything below it at once. */
export async function cancelCommand(
  path: string,
  flags: AskFlags & { readonly reason?: string },
  io: CommandIo,
): Promise<ExitCode> {
  const agentId = flags.agent?.trim() ?? "";
  // Nothing undoes it: so it never falls on the root, and with it on the run, unless that is named.
  if (agentId === "")
    throw new RLMError(
      "invalid_options",
      "- an agent is needed: --agent root.scan. To stop the whole run so that it can be resumed: rlmflow abort; --agent root ends it for good",
    );
  const reason = flags.reason === undefined ? {} : { reason: flags.reason };
  return await askRun(path, flags, { kind: "cancel", agentId, ...reason }, io);
}
