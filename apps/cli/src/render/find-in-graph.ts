import { type Graph, RLMError } from "@rlmflow/core";

/** The prefix of the run that ends with this node, or that has this many nodes. Throws `not_found`. */
export function graphAt(graph: Graph, at: string): Graph {
  if (!/^\d+$/.test(at)) return graph.at(at);
  const step = Number(at);
  let place = 0;
  for (const node of graph.walk()) {
    place += 1;
    if (place === step) return graph.at(node.id);
  }
  throw new RLMError(
    "not_found",
    `There is no step ${at}: the run has ${graph.length} nodes, counted from 1.`,
  );
}

/** The agent with this id, or that of the node with this id. Throws `not_found`. */
export function agentAt(graph: Graph, id: string): string {
  if (graph.head(id) !== undefined) return id;
  const node = graph.find(id);
  if (node !== undefined) return node.agentId;
  if (graph.length === 0) throw new RLMError("not_found", "Nothing has happened in this run yet.");
  throw new RLMError(
    "not_found",
    `There is no agent or node ${JSON.stringify(id)} in this run; \`--ids\` shows them.`,
  );
}
