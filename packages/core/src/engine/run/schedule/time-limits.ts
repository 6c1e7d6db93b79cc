import type { AgentState } from "../../../data/graph/agent-state.ts";
import type { Environment } from "../../../protocols/environment.ts";
import { type Gap, timeSpent } from "../../../rules/next-move.ts";

/** What the clocks need to know, and whom they tell. */
export interface TimeLimitHooks {
  readonly environment: Environment;
  /** When nobody worked on the run. */
  readonly gap: () => Gap | null;
  stateOf(agentId: string): AgentState;
  timeIsUp(agentId: string): Promise<void>;
  failed(error: unknown): void;
}

/** Timers of the platform hold no more than 24 days. */
const LONGEST_SLEEP_MS = 86_400_000;

/** The clocks of the agents whose queries have a time limit. */
export class TimeLimits {
  readonly #hooks: TimeLimitHooks;
  readonly #clocks = new Map<string, AbortController>();

  constructor(hooks: TimeLimitHooks) {
    this.#hooks = hooks;
  }

  /** Starts the agent's clock, or sets it anew after its limit was changed. */
  watch(agentId: string): void {
    this.forget(agentId);
    if (this.#hooks.stateOf(agentId).config.maxDurationMs === null) return;
    const clock = new AbortController();
    this.#clocks.set(agentId, clock);
    this.#run(agentId, clock.signal).catch((error) => this.#hooks.failed(error));
  }

  /** Stops the agent's clock. */
  forget(agentId: string): void {
    this.#clocks.get(agentId)?.abort("over");
    this.#clocks.delete(agentId);
  }

  /** Stops every clock. */
  close(): void {
    for (const agentId of this.#clocks.keys()) this.forget(agentId);
  }

  async #run(agentId: string, stopped: AbortSignal): Promise<void> {
    const { environment, gap, stateOf, timeIsUp } = this.#hooks;
    while (!stopped.aborted) {
      const { config, timedFrom } = stateOf(agentId);
      if (config.maxDurationMs === null) return;
      const left = config.maxDurationMs - timeSpent(timedFrom, environment.now(), gap());
      if (left <= 0) return await timeIsUp(agentId);
      await environment.sleep(Math.min(left, LONGEST_SLEEP_MS), stopped);
    }
  }
}
