import type { ConfigPatch } from "../edit.ts";
import { parentAgent } from "../ids.ts";
import { hasFailed, reopens } from "../may-open-again.ts";
import { type ChainNode, type ErrorNode, endsAgent } from "../node.ts";
import type { AgentState } from "./agent-state.ts";
import type { Graph } from "./graph.ts";

/** Why a changed limit can't let an agent go on that has ended, as a sentence; `null` when it can. */
export function whyStaysEnded(graph: Graph, state: AgentState, patch: ConfigPatch): string | null {
  const { head, query } = state;
  const ended = `Agent ${query.agentId} has ended with ${head.id}`;
  const limit = head.type === "error" && head.kind === "limit_reached" ? head.limit : undefined;
  if (limit === undefined && !hasFailed(head))
    return `${ended}, and neither at a limit nor by a failed request or runtime; give it a further query, or fork before that node.`;
  if (limit !== undefined && !raises(state, limit, patch))
    return `${ended} at ${limit.name} = ${limit.value}: only a higher ${limit.name} lets it go on.`;
  const parentId = parentAgent(query.agentId);
  if (parentId === null) return null;
  const parentHead = graph.head(parentId);
  if (parentHead !== undefined && endsAgent(parentHead))
    return `${ended}, and so has its parent with ${parentHead.id}: nobody would hear of its answer.`;
  if (wasTold(graph, parentId, head.id))
    return `${ended}, and its parent was told so; the parent can give it a further query, or fork before that node.`;
  return null;
}

/** True when the patch takes away what ended the agent. The time limit counts anew from the edit that sets it. */
function raises(state: AgentState, limit: NonNullable<ErrorNode["limit"]>, patch: ConfigPatch): boolean {
  switch (limit.name) {
    case "maxIterations":
      return patch.maxIterations !== undefined && patch.maxIterations > state.iterations;
    case "maxDurationMs":
      return patch.maxDurationMs !== undefined;
    case "maxTotalTokens":
      return above(patch.maxTotalTokens, limit.value);
    case "maxCostUsd":
      return above(patch.maxCostUsd, limit.value);
    default:
      return false;
  }
}

function above(wanted: number | null | undefined, value: number): boolean {
  return wanted === null || (wanted !== undefined && wanted > value);
}

/** True when a wait has delivered this end to the agent. */
function wasTold(graph: Graph, agentId: string, endId: string): boolean {
  return graph.log(agentId).some((node) => {
    if (node.type !== "call" || node.name !== "wait" || node.outcome?.ok !== true) return false;
    return Array.isArray(node.outcome.value) && node.outcome.value.includes(endId);
  });
}

/** What the model is told by an edit of limits: something only where it lets an ended agent go on. */
export function reopeningText(edit: ChainNode, end: ChainNode): string {
  // Of a request or a runtime that failed the model knows nothing, and need not.
  if (end.type !== "error" || hasFailed(end) || !reopens(edit, end)) return "";
  const limit = end.limit === undefined ? "" : ` (${end.limit.name} = ${end.limit.value})`;
  const undone =
    end.dropped === undefined
      ? ""
      : " The block that was running then is undone: its variables are as they were before it, its calls are not undone.";
  return `You were stopped at a limit${limit}. It has been raised: go on.${undone}`;
}
