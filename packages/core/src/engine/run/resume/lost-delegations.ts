import { agentState } from "../../../data/graph/agent-state.ts";
import { type Graph, lineage } from "../../../data/graph/graph.ts";
import { chainNodeId } from "../../../data/ids.ts";
import type { CallNode } from "../../../data/node.ts";
import { endsAgent } from "../../../data/node.ts";
import { type ChildPlan, childConfig, planFurther, readDelegate } from "../../../rules/delegate.ts";
import { unfinishedAgents } from "../../../rules/next-move.ts";
import type { Delegation } from "../../agent/agent-port.ts";
import { factsOf, withRuntime } from "../../agent/delegation.ts";
import { childOf } from "../../repl/answers.ts";
import type { FlowSettings } from "../../resources/settings.ts";
import type { Journal } from "../../store/journal.ts";

/**
 * The queries that a recorded `delegate` call promised and that are not in the log: a process died between
 * the call and its query, or a fork dropped a child's further query, whichever block gave it. Those of agents at or below
 * `cancelled` ones are left out.
 */
export async function lostDelegations(
  journal: Journal,
  settings: FlowSettings,
  cancelled: readonly string[],
): Promise<readonly Delegation[]> {
  const gone = new Set(cancelled);
  const delegations: Delegation[] = [];
  for (const agentId of unfinishedAgents(journal.graph)) {
    if (lineage(agentId).some((id) => gone.has(id))) continue;
    for (const node of journal.graph.log(agentId)) {
      const delegation = node.type === "call" ? await lostDelegation(journal, settings, node) : null;
      if (delegation !== null) delegations.push(delegation);
    }
  }
  return delegations;
}

async function lostDelegation(
  journal: Journal,
  settings: FlowSettings,
  delegation: CallNode,
): Promise<Delegation | null> {
  const { graph } = journal;
  const agentId = delegation.name === "delegate" ? childOf(delegation) : null;
  if (agentId === null) return null;
  if (graph.chain(agentId).some((node) => node.type === "query" && node.parentId === delegation.id))
    return null;
  const args = await journal.unpack(delegation.args, delegation.blobs?.args);
  const parent = agentState(graph, delegation.agentId);
  const read = readDelegate(args ?? []);
  if (parent === undefined || !read.ok) return null;
  return {
    call: delegation,
    plan: planAgain(graph, settings, { agentId, parent, request: read.value }),
    request: read.value,
    parent,
  };
}

/** The plan was accepted when the call was answered: no limit is asked again. */
function planAgain(
  graph: Graph,
  settings: FlowSettings,
  { agentId, parent, request }: Pick<Delegation, "parent" | "request"> & { readonly agentId: string },
): ChildPlan {
  const first = agentState(graph, agentId);
  if (first !== undefined) {
    const planned = planFurther(first, request, [...settings.models.keys()]);
    return planned.ok ? planned.value : { agentId, depth: first.query.depth, config: first.config };
  }
  const facts = factsOf(settings, parent, { children: 0, promised: new Set() });
  const plan = { agentId, depth: parent.query.depth + 1, config: childConfig(request, facts) };
  return withRuntime(settings, plan, request);
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
