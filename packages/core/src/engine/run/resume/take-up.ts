import { agentState } from "../../../data/graph/chain.ts";
import type { Store } from "../../../protocols/store.ts";
import { unfinishedAgents } from "../../../rules/plan.ts";
import { childDraft } from "../../agent/births.ts";
import type { FlowSettings } from "../../resources/settings.ts";
import type { ChainDraft, Journal } from "../../store/journal.ts";
import type { Cancels } from "../edit/cancels.ts";
import type { Scheduler } from "../schedule/scheduler.ts";
import type { Slot } from "../schedule/slot.ts";
import { orphans, type Recovered, recoveredFacts } from "./recovered.ts";
import { lostBirths, waitsComplete } from "./recovery.ts";

/** What taking up a run works on. */
export interface TakeUpParts {
  readonly settings: FlowSettings;
  readonly store: Store;
  readonly journal: Journal;
  readonly scheduler: Scheduler;
  readonly cancels: Cancels;
  slot(agentId: string): Slot;
  spawn(agentId: string, query: ChainDraft): Promise<void>;
}

/**
 * Brings every unfinished agent of a log to where it stands, cancels those that nobody waits for any more and
 * gives birth to children that were promised. To be called once, before anything moves.
 */
export async function takeUp(parts: TakeUpParts): Promise<Recovered> {
  const { journal, settings, cancels } = parts;
  const { graph } = journal;
  const cancelled = orphans(graph);
  const births = await lostBirths(journal, settings, cancelled);
  const recovered = recoveredFacts(graph, parts.store, births, cancelled);
  const agents = unfinishedAgents(graph);
  for (const agentId of agents) parts.slot(agentId);
  const reason = "nobody waits for it any more";
  await cancels.cancel({ agents: cancelled, reason, origin: "engine" });
  for (const agentId of agents.toReversed()) settle(parts, agentId);
  for (const birth of births)
    await parts.spawn(birth.plan.agentId, await childDraft(settings, journal, birth));
  return recovered;
}

/** Lets the agent move, or leaves it parked when it waits for children that have not ended. */
function settle({ journal: { graph }, scheduler }: TakeUpParts, agentId: string): void {
  const slot = scheduler.slot(agentId);
  const head = agentState(graph, agentId)?.head;
  if (slot === undefined || head === undefined) return;
  const action = graph.lastAction(agentId);
  const inBlock = head.type === "action" || head.type === "supervising";
  if (inBlock && action !== undefined) slot.inFlight.takenUp = action.id;
  if (head.type !== "supervising" || waitsComplete(graph, agentId)) scheduler.ready(agentId);
}
