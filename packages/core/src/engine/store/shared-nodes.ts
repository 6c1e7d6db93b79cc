import type { Graph } from "../../data/graph/graph.ts";
import type { RunNode } from "../../data/node.ts";

/**
 * How many nodes a graph and a log have in common at their beginning. Looks back from the end: what is equal
 * at one place is taken to be equal before it, as in any two lines of one run.
 */
export function sharedNodes(graph: Graph, log: readonly RunNode[]): number {
  const own = [...graph.walk()];
  let shared = Math.min(own.length, log.length);
  while (shared > 0 && !same(own[shared - 1], log[shared - 1])) shared -= 1;
  return shared;
}

function same(a: RunNode | undefined, b: RunNode | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
