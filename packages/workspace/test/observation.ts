import type { RunNode } from "@rlmflow/core";
import type { RunInfo } from "@rlmflow/core/store";

/** A node of the agent, with text of its own. */
export function observation(agentId: string, n: number, content: string = `node ${n}`): RunNode {
  return {
    type: "observation",
    id: `${agentId}#${n}`,
    agentId,
    parentId: n === 0 ? null : `${agentId}#${n - 1}`,
    n,
    startedAt: 1_700_000_000_000 + n,
    endedAt: 1_700_000_000_001 + n,
    origin: "engine",
    content,
  };
}

/** The first branch of a run. */
export function run(runId: string, createdAt: number = 1_700_000_000_000): RunInfo {
  return { runId, branch: { id: "main", parent: null, createdAt }, metadata: {} };
}
