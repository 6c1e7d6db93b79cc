import type { ObservationNode } from "../../src/index.ts";

/** The node at this place of the agent's log. */
export function sampleNode(agentId: string, n: number): ObservationNode {
  return {
    type: "observation",
    id: `${agentId}#${n}`,
    agentId,
    parentId: n === 0 ? null : `${agentId}#${n - 1}`,
    n,
    startedAt: n,
    endedAt: n + 1,
    origin: "engine",
    content: `node ${n}`,
  };
}
