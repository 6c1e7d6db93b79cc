import type { AgentPort, Birth } from "./agent-port.ts";
import type { Slot } from "./block/slot.ts";
import type { Cancels } from "./edit/cancels.ts";
import type { ReplPool } from "./repl/repl-pool.ts";
import type { RunEvent } from "./run-event.ts";
import type { AnswerSchemas } from "./schema/answer-schemas.ts";
import type { FlowSettings } from "./settings.ts";
import type { Journal } from "./store/journal.ts";

/** What the ports of a live run's agents lead to. */
export interface SlotPortParts {
  readonly settings: FlowSettings;
  readonly journal: Journal;
  readonly repls: ReplPool;
  readonly schemas: AnswerSchemas;
  readonly cancels: Cancels;
  /** Actions whose blocks another process may have begun. */
  readonly takenUp: Set<string>;
  /** Children that were promised and whose query is not in the log yet. */
  readonly beingBorn: Set<string>;
  spawn(birth: Birth): Promise<void>;
  failed(agentId: string, error: unknown): void;
  tell(event: RunEvent): void;
}

/** The port of one transition: what the agent in this slot may touch from now on. */
export function slotPort(slot: Slot, parts: SlotPortParts): AgentPort {
  const { agentId, arrivals, budget, running, queries, cut, conversation } = slot;
  const { settings, journal, repls, takenUp, beingBorn } = parts;
  return {
    agentId,
    arrivals,
    budget,
    running,
    queries,
    cut,
    conversation,
    unrecorded: () => slot.unrecorded(),
    settings,
    journal,
    repls,
    signal: slot.controller.signal,
    restSignal: slot.rest.signal,
    effectSignal: slot.effects.signal,
    takenUp,
    beingBorn,
    schemaOf: (query) => parts.schemas.of(query),
    spawn: (birth) => parts.spawn(birth),
    park: (waits) => {
      slot.waits = waits;
    },
    cancelBelow: async (reason, children = journal.graph.children(agentId)) =>
      void (await parts.cancels.cancel({ agents: children, reason, origin: "engine" })),
    failed: (error) => parts.failed(agentId, error),
    hint: (hint) => parts.tell({ ...hint, agentId }),
  };
}
