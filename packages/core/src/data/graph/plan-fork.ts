import { RLMError } from "../../errors.ts";
import { ROOT } from "../ids.ts";
import type { RunNode } from "../node.ts";
import { forkEffects } from "./fork-effects.ts";
import type { Graph } from "./graph.ts";

/** What a fork keeps: all that does not follow from what it drops, or only what came before in the log. */
export type ForkKeep = "independent" | "before";

/** The nodes of a branch, parted into those a fork takes over and those it leaves behind, each in the order of the log. */
export interface ForkPlan {
  readonly kept: readonly RunNode[];
  readonly dropped: readonly RunNode[];
}

/**
 * Which nodes a fork at this node keeps. The node itself is kept: an action's code runs again, a call keeps its
 * answer and its block goes on in the middle. `independent` keeps the agent's log up to the node and of the other
 * agents all that does not follow from what is dropped; `before` the prefix of the log that ends with the node, or,
 * where the root has ended by then, with what its end cut short. The kept nodes are a graph of their own. Throws
 * `not_found`.
 */
export function planFork(graph: Graph, at: string, keep: ForkKeep = "independent"): ForkPlan {
  const node = graph.find(at);
  if (node === undefined) {
    const agents = graph.agents().slice(0, 8).join(", ") || "none yet";
    throw new RLMError(
      "not_found",
      `There is no node ${JSON.stringify(at)} to fork at; ids look like root#3 or root#3/0. Agents: ${agents}.`,
    );
  }
  return keep === "before" ? partBefore(graph, node) : partIndependent(graph, node);
}

function partIndependent(graph: Graph, at: RunNode): ForkPlan {
  const cuts = spreadCut(graph, at);
  return part(graph, (node) => node.n < (cuts.get(node.agentId) ?? Number.POSITIVE_INFINITY));
}

/** Of every agent that loses nodes the `n` of the first one it loses. Every node is dropped at most once. */
function spreadCut(graph: Graph, at: RunNode): ReadonlyMap<string, number> {
  const effects = forkEffects(graph);
  const logs = new Map<string, readonly RunNode[]>();
  const cuts = new Map<string, number>();
  const pending = [{ agentId: at.agentId, n: at.n + 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { agentId, n } = next;
    const log = logs.get(agentId) ?? graph.log(agentId);
    logs.set(agentId, log);
    const before = cuts.get(agentId) ?? log.length;
    if (n >= before) continue;
    cuts.set(agentId, n);
    for (const dropped of log.slice(n, before))
      for (const effect of effects.get(dropped.id) ?? []) pending.push(effect);
  }
  return cuts;
}

/** Where the root has ended, what lands behind its end belongs to it: a run that is over has nobody at work. */
function partBefore(graph: Graph, at: RunNode): ForkPlan {
  const { finished } = graph.at(at.id);
  let state: "before" | "ending" | "behind" = "before";
  return part(graph, (node) => {
    if (state === "ending" && node.agentId === ROOT) state = "behind";
    const isKept = state !== "behind";
    if (node === at) state = finished ? "ending" : "behind";
    return isKept;
  });
}

function part(graph: Graph, isKept: (node: RunNode) => boolean): ForkPlan {
  const kept: RunNode[] = [];
  const dropped: RunNode[] = [];
  for (const node of graph.walk()) (isKept(node) ? kept : dropped).push(node);
  return { kept, dropped };
}
