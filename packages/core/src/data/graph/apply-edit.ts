import { RLMError } from "../../errors.ts";
import type { Edit } from "../edit.ts";
import { chainNodeId } from "../ids.ts";
import { deepFreeze } from "../json.ts";
import { type ChainNode, endsAgent, type Origin } from "../node.ts";
import { sentence } from "../words.ts";
import { type AgentState, agentState } from "./agent-state.ts";
import type { Graph } from "./graph.ts";
import { reopeningText, whyStaysEnded } from "./reopening.ts";

/** The nodes an edit adds to one agent's log. */
export interface EditAppend {
  readonly agentId: string;
  readonly nodes: readonly ChainNode[];
}

/**
 * The graph after an edit. Pure: `now` (epoch milliseconds) is when it was made. Throws `unknown_agent`,
 * or `edit_refused` when the agent is not in a state that the edit fits.
 */
export function applyEdit(graph: Graph, edit: Edit, now: number): Graph {
  return editNodes(graph, edit, now).reduce((next, append) => next.append(append.nodes), graph);
}

/**
 * The nodes that {@link applyEdit} appends, agent by agent. A changed limit opens an agent again that the
 * limit had ended, as long as somebody would hear of its answer.
 */
export function editNodes(graph: Graph, edit: Edit, now: number): readonly EditAppend[] {
  const state = agentState(graph, edit.agentId);
  if (state === undefined) {
    throw new RLMError(
      "unknown_agent",
      `There is no agent ${edit.agentId}. Agents: ${graph.agents().slice(0, 20).join(", ")}.`,
    );
  }
  const obstacle = endsAgent(state.head) ? whyRefused(graph, edit, state) : null;
  if (obstacle !== null) throw new RLMError("edit_refused", obstacle);
  if (edit.kind === "cancel")
    return cancelNodes(graph, edit.agentId, edit.reason ?? "cancelled by a user", "user", now);
  return [{ agentId: edit.agentId, nodes: [editNode(graph, edit, state, now)] }];
}

/** Why an agent that has ended does not take the edit. */
function whyRefused(graph: Graph, edit: Edit, state: AgentState): string | null {
  const ended = `Agent ${edit.agentId} has ended with ${state.head.id}`;
  if (edit.kind === "config") return whyStaysEnded(graph, state, edit.config);
  if (edit.kind === "cancel") return `${ended}; there is nothing to cancel.`;
  return `${ended}; give it a further query, or fork before that node.`;
}

/** A fatal `cancelled` error for each unfinished agent of the subtree, the deepest last. */
export function cancelNodes(
  graph: Graph,
  agentId: string,
  reason: string,
  origin: Origin,
  now: number,
): readonly EditAppend[] {
  const appends: EditAppend[] = [];
  const pending = [agentId];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    pending.push(...graph.children(next));
    const head = graph.head(next);
    if (head === undefined || endsAgent(head)) continue;
    const message = sentence(`Agent ${next} was cancelled: ${reason}`);
    const node = {
      ...common(graph, next, origin, now),
      type: "error",
      kind: "cancelled",
      message,
      content: message,
      fatal: true,
    } as const;
    appends.push({ agentId: next, nodes: [deepFreeze(node)] });
  }
  return appends;
}

function editNode(
  graph: Graph,
  edit: Exclude<Edit, { kind: "cancel" }>,
  state: AgentState,
  now: number,
): ChainNode {
  const base = common(graph, edit.agentId, "user", now);
  switch (edit.kind) {
    case "say":
      return deepFreeze({ ...base, type: "observation", content: edit.text, edit });
    case "final":
      return deepFreeze({ ...base, type: "observation", content: "Give your final answer now.", edit });
    case "config": {
      const node: ChainNode = { ...base, type: "observation", content: "", edit };
      return deepFreeze({ ...node, content: reopeningText(node, state.head) });
    }
    case "result":
      return deepFreeze({ ...base, type: "result", result: edit.result, cancelled: [] });
    case "code": {
      const head = state.head;
      if (head.type !== "action") {
        throw new RLMError(
          "edit_refused",
          `Agent ${edit.agentId} has no code that waits to be run: its newest node is ${head.id} (${head.type}).`,
        );
      }
      return deepFreeze({
        ...head,
        ...base,
        code: edit.code,
        notice: null,
        replaces: head.id,
        attempts: [],
      });
    }
  }
}

function common(graph: Graph, agentId: string, origin: Origin, now: number) {
  const place = graph.chainLength(agentId);
  const parentId = place === 0 ? null : chainNodeId(agentId, place - 1);
  return {
    id: chainNodeId(agentId, place),
    agentId,
    parentId,
    n: graph.nextN(agentId),
    startedAt: now,
    endedAt: now,
    origin,
  };
}
