import type { Graph } from "../../data/graph/graph.ts";
import { awaitedQueries, endIds, hasEnded } from "./answers.ts";
import type { LiveBlock } from "./live-block.ts";

/**
 * In a block that was rebuilt, waits that were open when it was suspended come before what it issues anew, in
 * the order in which they were completed, as they would have in the REPL that is gone.
 */
export function orderResumed(graph: Graph, block: LiveBlock): void {
  const { agentId } = block.action;
  const named = block.namedWaits(graph);
  if (named.size === 0) return;
  const completion = (index: number): number => {
    const call = block.issued[index];
    const queries = (call && awaitedQueries(graph, agentId, call)) ?? [];
    const ends = endIds(graph, queries).map((id) => graph.position(id) ?? Number.POSITIVE_INFINITY);
    const complete = queries.every((query) => hasEnded(graph, query));
    return complete ? Math.max(...ends) : Number.POSITIVE_INFINITY;
  };
  const resumed = block.immediate.filter((index) => named.has(index));
  const times = new Map(resumed.map((index) => [index, completion(index)]));
  const at = (index: number) => times.get(index) ?? Number.POSITIVE_INFINITY;
  resumed.sort((a, b) => (at(a) === at(b) ? a - b : at(a) - at(b)));
  const others = block.immediate.filter((index) => !named.has(index));
  block.immediate.splice(0, block.immediate.length, ...resumed, ...others);
}
