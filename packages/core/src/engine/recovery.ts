import { agentState } from "../data/chain.ts";
import type { Graph } from "../data/graph.ts";
import type { CallNode } from "../data/node.ts";
import { endsAgent } from "../data/node.ts";
import { chainNodeId } from "../data/node-id.ts";
import { type ChildPlan, planChild, readDelegate } from "../turn/delegate.ts";
import { unfinishedAgents } from "../turn/plan.ts";
import type { Birth } from "./agent-port.ts";
import type { FlowSettings } from "./settings.ts";

/**
 * The tasks that a recorded `delegate` call promised and whose query is not in the log: a process died between
 * the two, or a fork dropped a child's further task, whichever block gave it.
 */
export function lostBirths(graph: Graph, settings: FlowSettings): readonly Birth[] {
  return unfinishedAgents(graph).flatMap((agentId) => {
    const calls = graph.log(agentId).filter((node) => node.type === "call");
    return calls.flatMap((call) => lostBirth(graph, settings, call) ?? []);
  });
}

function lostBirth(graph: Graph, settings: FlowSettings, delegation: CallNode): Birth | null {
  if (delegation.name !== "delegate" || delegation.outcome?.ok !== true || delegation.args === null)
    return null;
  const agentId = String(delegation.outcome.value);
  const parent = agentState(graph, delegation.agentId);
  const read = readDelegate(delegation.args);
  const begun = graph.chain(agentId).some((node) => node.type === "query" && node.parentId === delegation.id);
  if (begun || parent === undefined || !read.ok) return null;
  const plan = planAgain(graph, settings, agentId, { read: read.value, parent });
  return plan === null ? null : { delegation, plan, request: read.value, parent };
}

function planAgain(
  graph: Graph,
  settings: FlowSettings,
  agentId: string,
  { read, parent }: { readonly read: Birth["request"]; readonly parent: Birth["parent"] },
): ChildPlan | null {
  const first = graph.chainAt(agentId, 0);
  if (first?.type === "query") return { agentId, depth: first.depth, config: first.config };
  const planned = planChild(graph, read, typeof read.target === "string" ? read.target : "agent", {
    parentId: parent.query.agentId,
    depth: parent.query.depth,
    config: parent.config,
    childMaxIterations: settings.config.childMaxIterations,
    childrenInBlock: 0,
    models: [...settings.providers.keys()],
    runtimes: [...settings.runtimes.keys()],
  });
  return planned.ok ? { ...planned.value, agentId } : null;
}

/**
 * Whether a suspended agent may go on, read off the log. Errs on the side of yes: an agent that is taken up
 * in vain finds its waits open and is suspended again.
 */
export function waitsComplete(graph: Graph, agentId: string): boolean {
  const action = graph.lastAction(agentId);
  if (action === undefined) return true;
  const calls = graph.calls(action.id);
  const answered = new Set(calls.map((call) => call.index));
  const lastAnswer = calls.at(-1)?.n ?? -1;
  for (let place = graph.chainLength(agentId) - 1; place >= 0; place--) {
    const node = graph.chainAt(agentId, place);
    if (node === undefined || node.id === action.id) return false;
    if (node.type !== "supervising") continue;
    // The block had gone on when its process died: where to, only running it again can tell.
    if (lastAnswer > node.n) return true;
    if (node.waits.some((wait) => !answered.has(wait.index) && wait.agents.every((id) => ended(graph, id))))
      return true;
  }
  return false;
}

/** An awaited id is an agent's, or that of a delegation that was refused. */
function ended(graph: Graph, id: string): boolean {
  if (graph.find(chainNodeId(id, 0)) === undefined) return true;
  const head = graph.head(id);
  return head !== undefined && endsAgent(head);
}
