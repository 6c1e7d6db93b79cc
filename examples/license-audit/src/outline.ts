import type { Graph } from "@rlmflow/core";

/** The first levels of the tree of agents, a line each: what they and all below them took. */
export function outline(graph: Graph, levels: number = 2): readonly string[] {
  return graph
    .agents()
    .map((agentId) => ({ agentId, names: agentId.split(".") }))
    .filter(({ names }) => names.length <= levels)
    .map(({ agentId, names }) => {
      const { input, output, requests } = graph.usage(agentId);
      const indent = "  ".repeat(names.length - 1);
      return `${indent}${(names.at(-1) ?? "").padEnd(16 - indent.length)} ${String(input + output).padStart(7)} tokens in ${requests} requests`;
    });
}
