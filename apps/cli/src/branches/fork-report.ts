import type { UsageTotal } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { formatCount, formatCounted, formatDuration, oneLine } from "@rlmflow/render";
import type { ForkResult } from "@rlmflow/workspace";
import { quoteForShell } from "../terminal/quote-for-shell.ts";

const MAX_LISTED = 20;

/** What a fork has, has not, and how to go on, as lines. */
export function forkReport(
  fork: ForkResult,
  place: { readonly directory: string; readonly files: string },
): readonly string[] {
  const { kept, dropped, keptUsage, droppedUsage, graph } = fork;
  const { runId, branch } = graph.run;
  const from = branch.parent === null ? "" : `, from ${branch.parent.branch} at ${branch.parent.at}`;
  return [
    `${counted(kept, "node")} kept, which took ${tokens(keptUsage)}: they are not asked for again`,
    `${counted(dropped, "node")} dropped, which had taken ${tokens(droppedUsage)}; the fork itself cost nothing`,
    `branch ${branch.id} of run ${runId}${from}`,
    ...fileLines(fork.files, place.files),
    `go on: rlmflow resume ${quoteForShell(place.directory)} --run ${runId} --branch ${branch.id}`,
  ];
}

function tokens({ input, output }: UsageTotal): string {
  return formatCounted(input + output, "token");
}

function fileLines(files: ForkResult["files"], directory: string): readonly string[] {
  const { restored, bytes, milliseconds, leftOut, outside, entangled } = files;
  const made =
    restored === 0 && leftOut.length === 0
      ? []
      : [
          `${counted(restored, "file")} (${formatCount(bytes)}B) in ${directory}, ${formatDuration(milliseconds)}`,
        ];
  const left = leftOut.map(({ path, reason, bytes: size }) => {
    return `${oneLine(path)}${size === null ? "" : ` (${formatCount(size)}B)`}: ${reason}`;
  });
  return [
    ...made,
    ...listed("left out", left),
    ...listed(
      "changed past the tools, taken as it is",
      outside.map((path) => oneLine(path)),
    ),
    ...listed(
      "written by kept and dropped calls in turns, taken as the last kept one left it",
      entangled.map((path) => oneLine(path)),
    ),
  ];
}

function listed(what: string, items: readonly string[]): readonly string[] {
  const more = items.length > MAX_LISTED ? [`  and ${items.length - MAX_LISTED} more`] : [];
  if (items.length === 0) return [];
  return [`${what}: ${items.length}`, ...items.slice(0, MAX_LISTED).map((item) => `  ${item}`), ...more];
}
