import type { CallNode, ChainNode, RunNode } from "./node.ts";
import { callNodeId, chainNodeId, intentNodeId, parentAgent, ROOT } from "./node-id.ts";

/** What judging places needs of a graph. */
export interface PlaceView {
  walk(): Iterable<RunNode>;
  find(id: string): RunNode | undefined;
}

/** The first node whose id or parent is not what its place asks for: its position and what is wrong. `null` when all fit. */
export function placeFault(graph: PlaceView): { readonly position: number; readonly problem: string } | null {
  const places = new Map<string, number>();
  let position = 0;
  for (const node of graph.walk()) {
    const problem =
      node.type === "call"
        ? callProblem(graph, node)
        : chainProblem(graph, node, places.get(node.agentId) ?? 0);
    if (problem !== null) return { position, problem };
    if (node.type !== "call") places.set(node.agentId, (places.get(node.agentId) ?? 0) + 1);
    position += 1;
  }
  return null;
}

function callProblem(graph: PlaceView, call: CallNode): string | null {
  const action = graph.find(call.parentId ?? "");
  if (action?.type !== "action" || action.agentId !== call.agentId)
    return `the call ${call.id} has no action of ${call.agentId} as parent`;
  const name = call.intent === true ? intentNodeId : callNodeId;
  const id = name(action.id, call.index);
  return call.id === id ? null : `the call ${call.id} should have the id ${id}`;
}

function chainProblem(graph: PlaceView, node: ChainNode, place: number): string | null {
  const { id, type, agentId, parentId } = node;
  const wanted = chainNodeId(agentId, place);
  if (id !== wanted) return `the node ${id} should have the id ${wanted}, which its place gives`;
  if (place === 0 && type !== "query") return `agent ${agentId} begins with ${type}, not with a query`;
  if (type === "query" && agentId !== ROOT) return taskProblem(graph, node);
  const before = place === 0 ? null : chainNodeId(agentId, place - 1);
  return parentId === before ? null : `the node ${id} should have the parent ${before}, not ${parentId}`;
}

function taskProblem(graph: PlaceView, query: RunNode): string | null {
  const call = graph.find(query.parentId ?? "");
  const isTask =
    call?.type === "call" && call.name === "delegate" && call.agentId === parentAgent(query.agentId);
  return isTask ? null : `the query ${query.id} has no delegate call of its parent agent as parent`;
}
