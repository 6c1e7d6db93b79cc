import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";

/** `rlmflow unpause`: lets a paused run go on. */
export async function unpauseCommand(path: string, flags: AskFlags, io: CommandIo): Promise<ExitCode> {
  return await askRun(path, flags, { kind: "unpause" }, io);
}
