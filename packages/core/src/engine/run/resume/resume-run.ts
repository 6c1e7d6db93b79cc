import { agentState } from "../../../data/graph/agent-state.ts";
import type { Store } from "../../../protocols/store.ts";
import { unfinishedAgents } from "../../../rules/next-move.ts";
import { childDraft } from "../../agent/query-draft.ts";
import type { FlowSettings } from "../../resources/settings.ts";
import type { Journal } from "../../store/journal.ts";
import type { ChainDraft } from "../../store/node-draft.ts";
import type { Cancels } from "../edit/cancels.ts";
import type { LiveAgent } from "../schedule/live-agent.ts";
import type { Scheduler } from "../schedule/scheduler.ts";
import { lostDelegations, waitsComplete } from "./lost-delegations.ts";
import { orphans, type Resumed, resumedFacts } from "./resumed.ts";

/** What resuming a run works on. */
export interface ResumeParts {
  readonly settings: FlowSettings;
  readonly store: Store;
  readonly journal: Journal;
  readonly scheduler: Scheduler;
  readonly cancels: Cancels;
  agent(agentId: string): LiveAgent;
  spawn(agentId: string, query: ChainDraft): Promise<void>;
}

/**
 * Brings every unfinished agent of a log to where it stands, cancels those that nobody waits for any more and
 * makes the children that were promised. To be called once, before anything moves.
 */
export async function resumeRun(parts: ResumeParts): Promise<Resumed> {
  const { journal, settings, cancels } = parts;
  const { graph } = journal;
  const cancelled = orphans(graph);
  const delegations = await lostDelegations(journal, settings, cancelled);
  const resumed = resumedFacts(graph, parts.store, delegations, cancelled);
  const agents = unfinishedAgents(graph);
  for (const agentId of agents) parts.agent(agentId);
  const reason = "nobody waits for it any more";
  await cancels.cancel({ agents: cancelled, reason, origin: "engine" });
  for (const agentId of agents.toReversed()) settle(parts, agentId);
  for (const delegation of delegations)
    await parts.spawn(delegation.plan.agentId, await childDraft(settings, journal, delegation));
  return resumed;
}

/** Lets the agent move, or leaves it parked when it waits for children that have not ended. */
function settle({ journal: { graph }, scheduler }: ResumeParts, agentId: string): void {
  const agent = scheduler.agent(agentId);
  const head = agentState(graph, agentId)?.head;
  if (agent === undefined || head === undefined) return;
  const action = graph.lastAction(agentId);
  const inBlock = head.type === "action" || head.type === "supervising";
  if (inBlock && action !== undefined) agent.inFlight.interrupted = action.id;
  if (head.type !== "supervising" || waitsComplete(graph, agentId)) scheduler.ready(agentId);
}
