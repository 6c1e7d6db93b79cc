import type { QueryNode } from "../../data/node.ts";
import type { ResolvedSchema } from "../../schema/schema.ts";
import type { AgentPort } from "../agent/agent-port.ts";
import type { AgentNews } from "../agent/run-event.ts";
import type { ReplPool } from "../repl/repl-pool.ts";
import type { FlowSettings } from "../resources/settings.ts";
import type { Journal } from "../store/journal.ts";
import type { ChainDraft } from "../store/node-draft.ts";
import type { Cancels } from "./edit/cancels.ts";
import { flowEffects } from "./flow-effects.ts";
import type { LiveAgent } from "./schedule/live-agent.ts";

/** What the ports of a live run's agents lead to. */
export interface LocalPortParts {
  readonly settings: FlowSettings;
  readonly journal: Journal;
  readonly repls: ReplPool;
  readonly cancels: Cancels;
  /** Children that were promised and whose query is not in the log yet. */
  readonly promised: Set<string>;
  schemaOf(query: QueryNode): ResolvedSchema | null;
  spawn(agentId: string, query: ChainDraft): Promise<void>;
  tell(agentId: string, news: AgentNews): void;
}

/** The port of one transition in a live run: the budget is the agent's, everything else is shared by the run's agents. */
export function localPort(agent: LiveAgent, parts: LocalPortParts): AgentPort {
  const { agentId, budget, inFlight } = agent;
  const { settings, journal, repls, cancels, promised } = parts;
  return {
    agentId,
    journal,
    settings,
    signals: { stop: agent.stopSignal, rest: agent.restSignal },
    inFlight,
    repls,
    effects: flowEffects(settings, budget),
    children: {
      reserve: (childId, limit) => {
        const { graph } = journal;
        if (promised.has(childId) || graph.chainLength(childId) > 0) return true;
        if (graph.agentCount + promised.size >= limit) return false;
        promised.add(childId);
        return true;
      },
      spawn: (childId, query) => parts.spawn(childId, query),
      cancel: async (reason, children = journal.graph.children(agentId)) =>
        void (await cancels.cancel({ agents: children, reason, origin: "engine" })),
    },
    schemaOf: (query) => parts.schemaOf(query),
    tell: (news) => parts.tell(agentId, news),
  };
}
