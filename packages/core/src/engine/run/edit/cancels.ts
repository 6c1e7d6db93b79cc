import { cancelNodes } from "../../../data/graph/apply-edit.ts";
import { deepFreeze } from "../../../data/json.ts";
import { endsAgent, type Origin } from "../../../data/node.ts";
import { brokenInvariant } from "../../../invariant.ts";
import type { Environment } from "../../../protocols/environment.ts";
import type { ReplPool } from "../../repl/repl-pool.ts";
import type { Journal } from "../../store/journal.ts";
import type { LiveAgent } from "../schedule/live-agent.ts";
import type { Scheduler } from "../schedule/scheduler.ts";

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
 * Stops agents for good, where they stand.
 *
 * Owns: the ends that are being written. Does not own: the log, the agents' transitions.
 * 1. An agent's end is appended only after its transition has stopped, so that its log has one writer.
 * 2. An agent may be ended by its parent, a person or its clock. They take turns, and only the first one ends it.
 * 3. An agent that waits for others to stop waits only for agents below it, so no two agents wait for each other.
 */
export class Cancels {
  readonly #parts: CancelsParts;
  readonly #ends = new Map<string, Promise<void>>();

  constructor(parts: CancelsParts) {
    this.#parts = parts;
  }

  /** Stops the subtrees, then puts a fatal error on each unfinished agent in them; gives the errors' ids. */
  async cancel({ agents, reason, origin, entry }: Cancellation): Promise<readonly string[]> {
    const { environment, journal } = this.#parts;
    await this.#haltAll(agents);
    const now = environment.now();
    const planned = agents.flatMap((id) => cancelNodes(journal.graph, id, reason, origin, now));
    const cancelled: string[] = [];
    const appends = planned.map(({ agentId, nodes }, index) =>
      this.#end(agentId, async () => {
        const attempts = (await this.#parts.scheduler.agent(agentId)?.inFlight.unrecorded()) ?? [];
        const more = {
          ...(index === 0 && entry !== undefined && { entry }),
          ...(attempts.length > 0 && { attempts }),
        };
        const own = nodes.map((node) => deepFreeze({ ...node, ...more }));
        await journal.append(agentId, own);
        cancelled.push(...own.map((node) => node.id));
      }),
    );
    await Promise.all(appends);
    return cancelled;
  }

  /** Stops one agent and, unless somebody else ends it, has its end appended. */
  async end(agent: LiveAgent, append: () => Promise<void>): Promise<void> {
    await this.#halt(agent);
    await this.#end(agent.agentId, append);
  }

  async #halt(agent: LiveAgent): Promise<void> {
    this.#parts.scheduler.stop(agent);
    await this.#parts.repls.drop(agent.agentId);
    await agent.landed;
  }

  async #haltAll(agents: readonly string[]): Promise<void> {
    const { journal, scheduler } = this.#parts;
    const pending = [...agents];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const agent = scheduler.agent(next);
      if (agent !== undefined) await this.#halt(agent);
      // A child that was being made is in the graph once its parent has stopped.
      for (const child of journal.graph.children(next)) pending.push(child);
    }
  }

  async #end(agentId: string, append: () => Promise<void>): Promise<void> {
    const before = this.#ends.get(agentId);
    const ending =
      before === undefined ? this.#endNow(agentId, append) : before.then(() => this.#endNow(agentId, append));
    const settled = ending.catch(() => {});
    this.#ends.set(agentId, settled);
    try {
      await ending;
    } finally {
      if (this.#ends.get(agentId) === settled) this.#ends.delete(agentId);
    }
  }

  async #endNow(agentId: string, append: () => Promise<void>): Promise<void> {
    const { journal, scheduler } = this.#parts;
    const head = journal.graph.head(agentId);
    if (head === undefined || endsAgent(head)) return;
    const landed = scheduler.agent(agentId)?.landed ?? null;
    if (landed !== null) throw brokenInvariant("nothing of an agent is in flight when its end is appended");
    await append();
    const agent = scheduler.agent(agentId);
    if (agent !== undefined) scheduler.retire(agent);
  }
}
