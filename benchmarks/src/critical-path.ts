import { endsAgent, type Graph, ROOT } from "@rlmflow/core";

/** Milliseconds that each request took: of an agent's turn, and of the question put for a child's answer. */
export interface Durations {
  readonly reply: (agentId: string, turn: number) => number;
  readonly question: (agentId: string, child: number) => number;
}

/**
 * The least time in which this run can be made, whatever the engine: only requests take time, an agent's
 * replies follow each other, its children begin with the reply that delegates to them, the question for a
 * child's answer begins with that answer, and the agent's next reply when all of them are there.
 */
export function criticalPath(graph: Graph, durations: Durations, agentId: string = ROOT): number {
  const head = graph.head(agentId);
  if (head === undefined || !endsAgent(head)) return Number.NaN;
  const replies = graph.chain(agentId).filter((node) => node.type === "action").length;
  const children = graph.children(agentId);
  const waits = children.map(
    (child, index) => criticalPath(graph, durations, child) + durations.question(agentId, index),
  );
  let path = Math.max(0, ...waits);
  for (let turn = 0; turn < replies; turn++) path += durations.reply(agentId, turn);
  return path;
}
