import type { AgentState } from "../data/chain.ts";
import type { Environment } from "../protocols/environment.ts";
import { type Gap, timeSpent } from "../turn/plan.ts";
import type { Slot } from "./block/slot.ts";

/** What the clocks need to know, and whom they tell. */
export interface TimeLimitHooks {
  readonly environment: Environment;
  /** When nobody worked on the run. */
  readonly gap: () => Gap | null;
  stateOf(agentId: string): AgentState;
  timeIsUp(slot: Slot): Promise<void>;
  failed(error: unknown): void;
}

/** Timers of the platform hold no more than 24 days. */
const LONGEST_SLEEP_MS = 86_400_000;

/** The clocks of the agents whose tasks have a time limit. */
export class TimeLimits {
  readonly #hooks: TimeLimitHooks;

  constructor(hooks: TimeLimitHooks) {
    this.#hooks = hooks;
  }

  /** Starts the agent's clock, or sets it anew after its limit was changed. */
  watch(slot: Slot): void {
    slot.clock?.abort();
    slot.clock = null;
    if (this.#hooks.stateOf(slot.agentId).config.maxDurationMs === null) return;
    slot.clock = new AbortController();
    const stopped = AbortSignal.any([slot.clock.signal, slot.life.signal]);
    this.#run(slot, stopped).catch((error) => this.#hooks.failed(error));
  }

  async #run(slot: Slot, stopped: AbortSignal): Promise<void> {
    const { environment, gap, stateOf, timeIsUp } = this.#hooks;
    while (!stopped.aborted) {
      const { config, timedFrom } = stateOf(slot.agentId);
      if (config.maxDurationMs === null) return;
      const left = config.maxDurationMs - timeSpent(timedFrom, environment.now(), gap());
      if (left <= 0) return await timeIsUp(slot);
      await environment.sleep(Math.min(left, LONGEST_SLEEP_MS), stopped);
    }
  }
}
