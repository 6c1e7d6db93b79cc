import { loadTrace, RLMError } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { plainText } from "@rlmflow/render";
import { openWorkspace } from "@rlmflow/workspace";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { readText, whyUnreadable } from "../files/read-text.ts";
import { isTraceFile, parseDocument } from "../render/open-graph.ts";
import { quoteForShell } from "../terminal/quote-for-shell.ts";

/** The options of `rlmflow import` as they are typed. */
export interface ImportFlags {
  readonly dir?: string;
}

/** `rlmflow import`: takes an exported run into a workspace, where it can be resumed and forked. */
export async function importCommand(
  file: string,
  { dir = "." }: ImportFlags,
  io: CommandIo,
): Promise<ExitCode> {
  if (!(await isTraceFile(file))) {
    const reason =
      (await whyUnreadable(file)) ?? "it is a file of a workspace, which export makes a trace of";
    throw new RLMError("not_found", `${JSON.stringify(file)} is no exported run: ${reason}.`);
  }
  const document = parseDocument(file, await readText(file));
  await using workspace = await openWorkspace(dir);
  try {
    const { graph } = await loadTrace(document, workspace);
    const { runId, branch } = graph.run;
    const place = `${quoteForShell(workspace.directory)} --run ${runId} --branch ${branch.id}`;
    const lines = [
      `${counted(graph.length, "node")} of run ${runId} branch ${branch.id} in ${workspace.directory}`,
      graph.finished ? `see it: rlmflow render ${place}` : `go on: rlmflow resume ${place}`,
    ];
    await write(io.stdout, `${lines.map(plainText).join("\n")}\n`);
    return EXIT.ok;
  } catch (cause) {
    if (!RLMError.is(cause)) throw cause;
    throw new RLMError(cause.code, `${file} was not taken in: ${cause.message}`, { cause });
  }
}
