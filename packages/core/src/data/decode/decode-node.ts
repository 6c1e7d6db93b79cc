import { RLMError } from "../../errors.ts";
import type { RunNode } from "../node.ts";
import { FORMAT } from "../run-info.ts";
import { decode } from "./check.ts";
import { migrated } from "./migrations.ts";
import { node } from "./node-checks.ts";

/**
 * Takes a parsed value for a node after checking every field of it, and freezes it in place. Rejects an
 * unknown type and a missing, additional or wrong field with `invalid_graph`, naming the place below `where`.
 * `format` is the one in which the value was stored.
 */
export function decodeNode(value: unknown, where: string, format: number = FORMAT): RunNode {
  return decode(node, migrated("node", value, format), { where, what: "a node", code: "invalid_graph" });
}

/** What a caller asks a store to keep, and what the store holds of that agent. */
export interface AppendRequest {
  readonly agentId: string;
  readonly expectedN: number;
  readonly nodes: readonly RunNode[];
  /** The `n` the agent's next node has in the store. */
  readonly nextN: number;
}

/**
 * The nodes of an append that may be kept, frozen, in a list of their own; every store begins with this.
 * Throws `lost_race` for another `n` than the store's, `protocol_violation` for nodes that are not the
 * agent's or not contiguous, `invalid_graph` for one that could not be read back.
 */
export function checkAppend(request: AppendRequest): readonly RunNode[] {
  const { agentId, expectedN, nodes, nextN } = request;
  if (expectedN !== nextN) {
    throw new RLMError(
      "lost_race",
      `Agent ${agentId} is at n ${nextN}, not at ${expectedN}: another writer moved it. Read the branch again and go on from there.`,
      { details: { agentId, expectedN, nextN } },
    );
  }
  return nodes.map((node, index) => {
    if (node.agentId !== agentId || node.n !== expectedN + index) {
      throw new RLMError(
        "protocol_violation",
        `nodes[${index}] is n ${node.n} of agent ${node.agentId}, in an append for agent ${agentId} at n ${expectedN + index}. One append holds contiguous nodes of one agent.`,
      );
    }
    return decodeNode(node, `nodes[${index}]`);
  });
}
