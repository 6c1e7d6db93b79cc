import type { JsonValue, ObservationNode, ResultNode } from "@rlmflow/core";
import type { RunInfo } from "@rlmflow/core/store";

/** The first branch of a run. */
export function sampleRun(runId: string = "run-1"): RunInfo {
  return {
    runId,
    branch: { id: "main", parent: null, createdAt: 1_700_000_000_000 },
    metadata: { title: "a \u{1F600} run", nested: [1, { two: null }] },
  };
}

/** Another branch of the run. */
export function sampleFork(run: RunInfo, id: string, at: string): RunInfo {
  return { ...run, branch: { id, parent: { branch: run.branch.id, at }, createdAt: 1_700_000_000_500 } };
}

/** A node of the agent. */
export function sampleNode(agentId: string, n: number, content: string = `node ${n}`): ObservationNode {
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

/** This many nodes of the agent from `from`. */
export function sampleNodes(agentId: string, from: number, count: number): readonly ObservationNode[] {
  return Array.from({ length: count }, (_, index) => sampleNode(agentId, from + index));
}

/** A node that holds any JSON value. */
export function sampleResult(agentId: string, n: number, result: JsonValue): ResultNode {
  const { type: _type, content: _content, ...common } = sampleNode(agentId, n);
  return { type: "result", ...common, result, cancelled: [] };
}
