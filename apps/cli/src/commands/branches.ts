import type { Graph } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { ASCII_GLYPHS, formatCounted, nodeText, showsUnicode, UNICODE_GLYPHS } from "@rlmflow/render";
import { openWorkspace, type Workspace } from "@rlmflow/workspace";
import { aligned } from "../branches/aligned.ts";
import { type LineageRow, lineage } from "../branches/lineage.ts";
import { type CommandIo, widthOf, write } from "../command-io.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { placeAt } from "../render/open-graph.ts";
import { clip } from "../terminal/text-width.ts";

/** The options of `rlmflow branches` as they are typed. */
export interface BranchesFlags {
  readonly run?: string;
  readonly ascii?: boolean;
}

/** `rlmflow branches`: the branches of a run, which was forked from which, and how each stands. */
export async function branchesCommand(path: string, flags: BranchesFlags, io: CommandIo): Promise<ExitCode> {
  const place = placeAt(path);
  await using workspace = await openWorkspace(place.workspace);
  const { runId } = (await workspace.reader(flags.run ?? place.run ?? undefined)).run;
  const summary = (await workspace.runs()).find((run) => run.runId === runId);
  const glyphs = flags.ascii === true || !showsUnicode(io.environment) ? ASCII_GLYPHS : UNICODE_GLYPHS;
  const rows = lineage(summary?.branches ?? [], glyphs);
  const cells = await Promise.all(rows.map((row) => cellsOf(workspace, runId, row)));
  const width = widthOf(io.stdout, io.environment);
  const lines = [`run ${runId}`, ...aligned(cells).map((line) => clip(line, width))];
  await write(io.stdout, `${lines.join("\n")}\n`);
  return EXIT.ok;
}

async function cellsOf(workspace: Workspace, runId: string, row: LineageRow): Promise<readonly string[]> {
  const { id, parent, state } = row.branch;
  const name = `${row.prefix}${id}`;
  const from = parent === null ? "" : `at ${parent.at}`;
  const graph = await workspace.load(runId, id).catch(() => null);
  if (graph === null) return [name, "damaged", from, "", "", `see: rlmflow doctor`];
  const { input, output } = graph.usage();
  return [
    name,
    state,
    from,
    counted(graph.length, "node"),
    formatCounted(input + output, "token"),
    answerOf(graph),
  ];
}

function answerOf(graph: Graph): string {
  const head = graph.head("root");
  return graph.finished && head !== undefined ? nodeText(head) : "";
}
