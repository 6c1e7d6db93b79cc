import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";

/** `rlmflow pause`: lets nothing new start in a run; what is in flight lands. */
export async function pauseCommand(path: string, flags: AskFlags, io: CommandIo): Promise<ExitCode> {
  return await askRun(path, flags, { kind: "pause" }, io);
}
