import { RLMError } from "../../errors.ts";
import type { Edit } from "../edit.ts";
import type { RunNode } from "../node.ts";
import { type BranchInfo, FORMAT, type RunInfo } from "../run-info.ts";
import { amount, type Check, decode, jsonObject, name, nullable, record } from "./check.ts";
import { edit } from "./config-check.ts";
import { migrated } from "./migrations.ts";
import { node } from "./node-checks.ts";

/**
 * Takes a parsed value for a node after checking every field of it, and freezes it in place. Rejects an
 * unknown type and a missing, additional or wrong field with `invalid_graph`, naming the place below `where`.
 * `format` is the one in which the value was stored.
 */
export function decodeNode(value: unknown, where: string, format: number = FORMAT): RunNode {
  return decode(node, format === FORMAT ? value : migrated("node", value, format), {
    where,
    what: "a node",
    code: "invalid_graph",
  });
}

const branchInfo: Check<BranchInfo> = record<BranchInfo>({
  id: name,
  parent: nullable(record<NonNullable<BranchInfo["parent"]>>({ branch: name, at: name })),
  createdAt: amount,
});

const runInfo: Check<RunInfo> = record<RunInfo>({ runId: name, branch: branchInfo, metadata: jsonObject });

/** Takes a parsed value for what a run and its branch are called, checked and frozen; else `invalid_graph`. */
export function decodeRunInfo(value: unknown, where: string, format: number = FORMAT): RunInfo {
  return decode(runInfo, format === FORMAT ? value : migrated("runInfo", value, format), {
    where,
    what: "the description of a run",
    code: "invalid_graph",
  });
}

/** Takes a parsed value for an edit, checked and frozen; else `invalid_options` naming the place below `where`. */
export function decodeEdit(value: unknown, where: string): Edit {
  const advice =
    "Of a run's config an edit changes the limits of its agents; maxConcurrency, maxRetries and the like are the flow's own.";
  return decode(edit, value, { where, what: "an edit", code: "invalid_options", advice });
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
