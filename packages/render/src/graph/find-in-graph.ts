import { type Graph, RLMError, type RunNode } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";

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
    `There is no step ${at}: the run has ${counted(graph.length, "node")}, counted from 1.`,
  );
}

/** The agent with this id or that of the node with this id; a name as the tree shows it will do. Throws `not_found`. */
export function agentAt(graph: Graph, id: string): string {
  if (graph.head(id) !== undefined) return id;
  const node = graph.find(id);
  if (node !== undefined) return node.agentId;
  if (graph.length === 0) throw new RLMError("not_found", "Nothing has happened in this run yet.");
  const named = graph.agents().filter((agentId) => agentId.endsWith(`.${id}`));
  const [only] = named;
  if (only !== undefined && named.length === 1) return only;
  const which =
    only === undefined
      ? "`--ids` shows them."
      : `${named.length} have that name: ${named.slice(0, 10).join(", ")}${named.length > 10 ? ", …" : ""}.`;
  throw new RLMError("not_found", `There is no agent or node ${JSON.stringify(id)} in this run; ${which}`);
}

/** The node with this id, a call among them. Throws `not_found`. */
export function nodeAt(graph: Graph, id: string): RunNode {
  const node = graph.find(id);
  if (node !== undefined) return node;
  const agentId = id.split("#")[0] ?? "";
  const last = graph.head(agentId);
  const hint =
    last === undefined
      ? "A node is named by its agent and place, like root.scan#3; `--ids` shows them."
      : `The last node of ${agentId} is ${last.id}.`;
  throw new RLMError("not_found", `There is no node ${JSON.stringify(id)} in this run. ${hint}`);
}
