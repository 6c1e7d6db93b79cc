import { RLMError } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { traceText } from "@rlmflow/core/store";
import { openWorkspace } from "@rlmflow/workspace";
import { type CommandIo, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { writeFile } from "../files/write-file.ts";
import { isTraceFile, placeAt } from "../render/open-graph.ts";

/** The options of `rlmflow export` as they are typed. */
export interface ExportFlags {
  readonly file?: string;
  readonly run?: string;
  readonly branch?: string;
}

/** `rlmflow export`: a branch as one self-contained JSON file, on stdout or in a file that is whole or not there. */
export async function exportCommand(path: string, flags: ExportFlags, io: CommandIo): Promise<ExitCode> {
  if (await isTraceFile(path))
    throw new RLMError("invalid_options", `${path} is a file, not a workspace: copy it, or render it.`);
  const place = placeAt(path);
  await using workspace = await openWorkspace(place.workspace);
  const graph = await workspace.load(
    flags.run ?? place.run ?? undefined,
    flags.branch ?? place.branch ?? undefined,
  );
  const pieces = traceText(graph, workspace);
  if (flags.file === undefined) for await (const piece of pieces) await write(io.stdout, piece);
  else {
    await writeFile("--file", flags.file, pieces);
    io.stderr.write(
      `${counted(graph.length, "node")} of run ${graph.run.runId} branch ${graph.branch} in ${flags.file}\n`,
    );
  }
  return EXIT.ok;
}
