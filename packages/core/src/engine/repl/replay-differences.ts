import type { Journal } from "../store/journal.ts";
import { blockEnd, type LiveBlock } from "./live-block.ts";

/** In what a block that was run again ended otherwise than recorded: output, variables, ranges read. */
export async function replayDifferences(journal: Journal, block: LiveBlock): Promise<readonly string[]> {
  const { action } = block;
  const end = blockEnd(journal.graph, action);
  if (end === null) return [];
  const { variables, reads } = block.record(0);
  const blob =
    "blobs" in end && end.blobs !== undefined && "output" in end.blobs ? end.blobs.output : undefined;
  const output = await journal.unpack(end.block.output, blob);
  const compared: readonly (readonly [string, string | null, string | null])[] = [
    ["wrote something else", block.output, output],
    ["left other variables", JSON.stringify(variables), JSON.stringify(end.block.variables)],
    ["read other ranges", JSON.stringify(reads), JSON.stringify(end.block.reads)],
  ];
  return compared.flatMap(([what, now, then]) =>
    now === then
      ? []
      : [
          `${action.id} ${what} when it was run again: ${excerpt(now ?? "")} instead of ${excerpt(then ?? "")}`,
        ],
  );
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
