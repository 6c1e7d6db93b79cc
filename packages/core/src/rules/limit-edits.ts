import type { ConfigPatch, Edit } from "../data/edit.ts";
import { agentState } from "../data/graph/agent-state.ts";
import type { Graph } from "../data/graph/graph.ts";
import { ROOT } from "../data/ids.ts";
import { hasFailed } from "../data/may-open-again.ts";
import { unfinishedAgents } from "./next-move.ts";

/**
 * The edits that change limits of a whole run: the root gets the patch, every other unfinished agent the part
 * of it that it has had from the root. None for an empty patch, unless the root has ended by a failed request or
 * runtime: then the edit that names its model again lets it go on.
 */
export function limitEdits(graph: Graph, patch: ConfigPatch): readonly Edit[] {
  const root = agentState(graph, ROOT);
  if (root === undefined) return [];
  if (Object.keys(patch).length === 0) {
    const { head, config } = root;
    return hasFailed(head) ? [{ kind: "config", agentId: ROOT, config: { model: config.model } }] : [];
  }
  const below = unfinishedAgents(graph).flatMap((agentId): Edit[] => {
    const config = agentId === ROOT ? undefined : agentState(graph, agentId)?.config;
    const inherited = Object.entries(patch).filter(
      ([name]) => Reflect.get(config ?? {}, name) === Reflect.get(root.config, name),
    );
    if (config === undefined || inherited.length === 0) return [];
    return [{ kind: "config", agentId, config: Object.fromEntries(inherited) }];
  });
  return [{ kind: "config", agentId: ROOT, config: patch }, ...below];
}
