import { type AgentState, agentState } from "../data/graph/agent-state.ts";
import type { Graph } from "../data/graph/graph.ts";
import { type ActionNode, endsAgent } from "../data/node.ts";

/** What an agent may do next. */
export type Move =
  /** Ask its model. `final`: this is the last request it is allowed. */
  | { readonly kind: "request"; readonly state: AgentState; readonly final: boolean }
  /** A limit is reached and no request is left: end with an error. */
  | {
      readonly kind: "exhausted";
      readonly state: AgentState;
      readonly limit: { readonly name: string; readonly value: number };
    }
  /** Run the code of this action. */
  | { readonly kind: "run"; readonly state: AgentState; readonly action: ActionNode }
  /** Go on with a suspended block as soon as one of its waits is complete. */
  | { readonly kind: "resume"; readonly state: AgentState; readonly action: ActionNode };

/** A span in which no process worked on the run; time limits leave it out. Epoch milliseconds. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** Milliseconds from `since` to `now` in which the run was worked on. */
export function timeSpent(since: number, now: number, gap: Gap | null): number {
  const idle = gap === null ? 0 : Math.max(0, Math.min(now, gap.to) - Math.max(since, gap.from));
  return now - since - idle;
}

/** What the agent may do next at this time, or `undefined` when it has ended or does not exist. */
export function nextMove(
  graph: Graph,
  agentId: string,
  now: number,
  gap: Gap | null = null,
): Move | undefined {
  const state = agentState(graph, agentId);
  if (state === undefined) return undefined;
  const { head } = state;
  switch (head.type) {
    case "action":
      return { kind: "run", state, action: head };
    case "supervising": {
      const action = graph.lastAction(agentId);
      return action === undefined ? undefined : { kind: "resume", state, action };
    }
    case "query":
    case "observation":
    case "resume":
      return requestMove(graph, state, now, gap);
    case "error":
      return head.fatal ? undefined : requestMove(graph, state, now, gap);
    case "result":
      return undefined;
  }
}

function requestMove(graph: Graph, state: AgentState, now: number, gap: Gap | null): Move {
  const { config, iterations } = state;
  if (config.maxDurationMs !== null && timeSpent(state.timedFrom, now, gap) >= config.maxDurationMs) {
    return { kind: "exhausted", state, limit: { name: "maxDurationMs", value: config.maxDurationMs } };
  }
  if (iterations >= config.maxIterations) {
    return { kind: "exhausted", state, limit: { name: "maxIterations", value: config.maxIterations } };
  }
  const last = graph.lastAction(state.query.agentId);
  if (last?.final === true && iterations > 0 && !raisedSince(graph, state, last))
    return { kind: "exhausted", state, limit: last.limit ?? { name: "maxIterations", value: iterations } };
  return { kind: "request", state, final: state.finalAsked || iterations === config.maxIterations - 1 };
}

/** True when a limit was changed after the final request, which lets the agent go on. */
function raisedSince(graph: Graph, state: AgentState, last: ActionNode): boolean {
  const { agentId } = state.query;
  for (let place = graph.chainLength(agentId) - 1; place >= 0; place--) {
    const node = graph.chainAt(agentId, place);
    if (node === undefined || node.id === last.id) return false;
    if (node.type === "observation" && (node.edit?.kind === "config" || node.edit?.kind === "say"))
      return true;
  }
  return false;
}

/** Ids of the agents that have not ended, in the order in which they came. */
export function unfinishedAgents(graph: Graph): readonly string[] {
  return graph.agents().filter((agentId) => {
    const head = graph.head(agentId);
    return head !== undefined && !endsAgent(head);
  });
}
