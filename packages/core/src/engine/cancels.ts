import { cancelNodes } from "../data/apply-edit.ts";
import { deepFreeze } from "../data/json.ts";
import type { Origin } from "../data/node.ts";
import type { Environment } from "../protocols/environment.ts";
import type { Journal } from "./journal.ts";
import type { ReplPool } from "./repl-pool.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Slot } from "./slot.ts";

/** Agents to be cancelled with everything below them, and what their nodes say about it. */
export interface Cancellation {
  readonly agents: readonly string[];
  readonly reason: string;
  readonly origin: Origin;
  /** The inbox entry that asked for it. */
  readonly entry?: string | undefined;
}

/** What cancelling works on. */
export interface CancelsParts {
  readonly environment: Environment;
  readonly journal: Journal;
  readonly scheduler: Scheduler;
  readonly repls: ReplPool;
}

/**
 * Stops agents for good. An agent's node is appended only after its transition has stopped, so that its
 * log has one writer; its REPL is freed at once.
 */
export class Cancels {
  readonly #parts: CancelsParts;

  constructor(parts: CancelsParts) {
    this.#parts = parts;
  }

  /** Stops the subtrees, then puts a fatal error on each unfinished agent in them; gives the errors' ids. */
  async cancel({ agents, reason, origin, entry }: Cancellation): Promise<readonly string[]> {
    const { environment, journal, scheduler } = this.#parts;
    await this.#haltAll(agents);
    const cancelled: string[] = [];
    const now = environment.now();
    for (const { agentId, nodes } of agents.flatMap((id) =>
      cancelNodes(journal.graph, id, reason, origin, now),
    )) {
      const named = cancelled.length === 0 && entry !== undefined;
      await journal.append(agentId, named ? nodes.map((node) => deepFreeze({ ...node, entry })) : nodes);
      cancelled.push(...nodes.map((node) => node.id));
      const slot = scheduler.slot(agentId);
      if (slot !== undefined) scheduler.retire(slot);
    }
    return cancelled;
  }

  /** Stops one agent where it stands; the caller appends how it ended. */
  async halt(slot: Slot): Promise<void> {
    this.#parts.scheduler.stop(slot);
    await this.#parts.repls.drop(slot.agentId);
    await slot.busy;
  }

  async #haltAll(agents: readonly string[]): Promise<void> {
    const { journal, scheduler } = this.#parts;
    const pending = [...agents];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const slot = scheduler.slot(next);
      if (slot !== undefined) await this.halt(slot);
      // A child that was being born is in the graph once its parent has stopped.
      pending.push(...journal.graph.children(next));
    }
  }
}
