import { counted } from "@rlmflow/core/driver";
import type { Resumed } from "@rlmflow/core/store";
import { oneLine } from "@rlmflow/render";

const MOST_NAMES = 10;

/** What was kept of a run, what was dropped, and what is mended, as lines for people. */
export function resumedLines(runId: string, resumed: Resumed): readonly string[] {
  const { nodes, replies, agents, droppedBytes, outcomeUnknown, spawned, cancelled } = resumed;
  return [
    `run ${runId}: ${counted(nodes, "node")} kept, ${counted(replies, "reply is", "replies are")} not asked for again, ${counted(agents, "agent goes", "agents go")} on`,
    ...(droppedBytes > 0
      ? [
          `dropped ${counted(droppedBytes, "byte")} of a last line that was never whole; nothing in it had been told`,
        ]
      : []),
    ...(outcomeUnknown.length > 0
      ? [`not called again, their outcome is unknown to the code: ${names(outcomeUnknown)}`]
      : []),
    ...(spawned.length > 0 ? [`had been delegated to and not begun, begin now: ${names(spawned)}`] : []),
    ...(cancelled.length > 0 ? [`nobody waits for them any more, cancelled: ${names(cancelled)}`] : []),
  ];
}

function names(ids: readonly string[]): string {
  const shown = ids
    .slice(0, MOST_NAMES)
    .map((id) => oneLine(id))
    .join(", ");
  return ids.length > MOST_NAMES ? `${shown} and ${ids.length - MOST_NAMES} more` : shown;
}
