import { agentState } from "../../../data/graph/agent-state.ts";
import type { Graph } from "../../../data/graph/graph.ts";
import { callNodeId, parentAgent } from "../../../data/ids.ts";
import { endsAgent } from "../../../data/node.ts";
import type { Store } from "../../../protocols/store.ts";
import { unfinishedAgents } from "../../../rules/next-move.ts";
import type { Delegation } from "../../agent/agent-port.ts";

/** What a run that was resumed had kept, and what was not whole in it. */
export interface Resumed {
  /** Nodes in the log. */
  readonly nodes: number;
  /** Replies of models in the log, those of sub-LLM queries included: none is asked for again. */
  readonly replies: number;
  /** Agents that go on. */
  readonly agents: number;
  /** Bytes of a line that a dying process had begun to write, dropped. */
  readonly droppedBytes: number;
  /** Calls that must not be repeated and were begun: their code gets `outcome_unknown`. */
  readonly outcomeUnknown: readonly string[];
  /** Children whose parents had been promised them and that did not exist yet: they do now. */
  readonly spawned: readonly string[];
  /** Agents that nobody waits for any more, cancelled now. */
  readonly cancelled: readonly string[];
}

/** What taking up the run of this journal finds. */
export function resumedFacts(
  graph: Graph,
  store: Store,
  delegations: readonly Delegation[],
  cancelled: readonly string[],
): Resumed {
  return {
    nodes: graph.length,
    replies: replyCount(graph),
    agents: unfinishedAgents(graph).length - cancelled.length,
    droppedBytes: store.repaired?.droppedBytes ?? 0,
    outcomeUnknown: openIntents(graph),
    spawned: delegations.map((delegation) => delegation.plan.agentId),
    cancelled,
  };
}

/** The latest time on record, in epoch milliseconds. */
export function latestTime(graph: Graph): number {
  let latest = 0;
  for (const node of graph.walk()) latest = Math.max(latest, node.endedAt);
  return latest;
}

/** Ids of the calls that were begun, must not be made again, and have no outcome in the log. */
function openIntents(graph: Graph): readonly string[] {
  return unfinishedAgents(graph).flatMap((agentId) => {
    const head = graph.head(agentId);
    const action = graph.lastAction(agentId);
    if (action === undefined || (head?.type !== "action" && head?.type !== "supervising")) return [];
    const answered = new Set(graph.calls(action.id).map((call) => call.index));
    const open = graph.intents(action.id).filter((call) => !answered.has(call.index));
    return open.map((call) => callNodeId(action.id, call.index));
  });
}

/** Replies of models that a graph holds. */
function replyCount(graph: Graph): number {
  let count = 0;
  for (const node of graph.walk()) {
    if (node.type === "action" && node.replaces === undefined) count += 1;
    else if (node.type === "call" && node.name === "llmQuery" && node.outcome?.ok === true) count += 1;
  }
  return count;
}

/**
 * The topmost unfinished agents whose answer nobody can want: an agent above them has ended, or the block
 * that delegated to them is undone. A process died between the one and the cancelling of the other.
 */
export function orphans(graph: Graph): readonly string[] {
  const undone = new Map<string, ReadonlySet<string>>();
  const undoneOf = (agentId: string) => {
    const known = undone.get(agentId) ?? undoneActions(graph, agentId);
    undone.set(agentId, known);
    return known;
  };
  return unfinishedAgents(graph).filter((agentId) => {
    const parentId = parentAgent(agentId);
    const parent = parentId === null ? undefined : graph.head(parentId);
    if (parentId === null || parent === undefined) return false;
    const call = graph.find(agentState(graph, agentId)?.query.parentId ?? "");
    return endsAgent(parent) || undoneOf(parentId).has(call?.parentId ?? "");
  });
}

/** Actions of the agent whose blocks are undone. */
function undoneActions(graph: Graph, agentId: string): ReadonlySet<string> {
  const errors = graph.chain(agentId).filter((node) => node.type === "error");
  return new Set(errors.flatMap((node) => node.dropped ?? []));
}
