import { isDeepStrictEqual } from "node:util";
import type { Graph, RunNode, UsageTotal } from "@rlmflow/core";
import { addUsage, nodeUsage, ZERO_USAGE } from "@rlmflow/core/store";

/** What one of two graphs has that the other has not. */
export interface Own {
  /** The first such node, in the order of the log. */
  readonly first: RunNode | null;
  readonly nodes: number;
  readonly usage: UsageTotal;
  /** Milliseconds from the beginning of the first such node to the end of the last one. */
  readonly durationMs: number;
}

/** Where two graphs part. */
export interface Comparison {
  /** Nodes that both have. */
  readonly shared: number;
  readonly a: Own;
  readonly b: Own;
}

/** Parts two graphs into what both have, equal in every field, and what each has alone. Linear in their nodes. */
export function compareGraphs(a: Graph, b: Graph): Comparison {
  const ownA = ownNodes(a, b);
  return { shared: a.length - ownA.length, a: summarize(ownA), b: summarize(ownNodes(b, a)) };
}

function ownNodes(graph: Graph, other: Graph): readonly RunNode[] {
  return Array.from(graph.walk()).filter((node) => !isDeepStrictEqual(node, other.find(node.id)));
}

function summarize(nodes: readonly RunNode[]): Own {
  let usage = ZERO_USAGE;
  let start = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  for (const node of nodes) {
    for (const used of nodeUsage(node)) usage = addUsage(usage, used);
    start = Math.min(start, node.startedAt);
    end = Math.max(end, node.endedAt);
  }
  const durationMs = nodes.length === 0 ? 0 : end - start;
  return { first: nodes[0] ?? null, nodes: nodes.length, usage, durationMs };
}
