import type { CommandIo } from "../command-io.ts";
import type { ExitCode } from "../exit-code.ts";
import { type AskFlags, askRun } from "../live/ask-run.ts";

/** `rlmflow abort`: cuts what a run has in flight and ends its process; the run can be resumed. */
export async function abortCommand(path: string, flags: AskFlags, io: CommandIo): Promise<ExitCode> {
  return await askRun(path, flags, { kind: "abort" }, io);
}
