import { type ConfigPatch, type Graph, RLMError } from "@rlmflow/core";
import { sentences } from "@rlmflow/core/driver";
import { type InboxRequest, mayOpenAgain } from "@rlmflow/core/store";

/** Why a run that has failed does not go on with these limits and the edits that are kept for it, and what would help; `null` when it may. */
export function whyOver(graph: Graph, config: ConfigPatch, edits: readonly InboxRequest[]): RLMError | null {
  const head = graph.head("root");
  if (head?.type !== "error" || !head.fatal) return null;
  const { runId } = graph.run;
  if (!mayOpenAgain(head)) {
    const advice = `It can go another way from a node before ${head.id}: see rlmflow fork.`;
    return new RLMError("edit_refused", sentences(`Run ${runId} has failed: ${head.message}`, advice));
  }
  // Whoever failed it may be well again: what was answered is kept.
  if (head.kind !== "limit_reached") return null;
  if (Object.keys(config).length > 0 || edits.some(({ kind }) => kind === "config")) return null;
  const message = sentences(
    `Run ${runId} was stopped at a limit: ${head.message}`,
    "It goes on when the limit is raised: see rlmflow resume --help.",
  );
  return new RLMError("limit_reached", message, { details: { limit: head.limit } });
}
