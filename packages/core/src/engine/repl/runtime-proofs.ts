import { RLMError } from "../../errors.ts";
import type { Runtime } from "../../protocols/runtime.ts";
import { untilAborted } from "../until-aborted.ts";

/**
 * Which runtimes of a flow have opened a REPL. Owns: the one attempt that is under way for each of the others.
 * 1. While a runtime is not proven, one run at a time tries it. Those that wait for the attempt share its end, its
 *    failure included, unless it was only aborted.
 */
export class RuntimeProofs {
  readonly #proven = new Set<Runtime>();
  readonly #attempts = new Map<Runtime, Promise<unknown>>();

  /** Notes that the runtime has opened a REPL. */
  add(runtime: Runtime): void {
    this.#proven.add(runtime);
  }

  /** Resolves when the runtime is proven, by `attempt` where nobody else is at it. Rejects when it is not. */
  async prove(runtime: Runtime, signal: AbortSignal, attempt: () => Promise<void>): Promise<void> {
    while (!this.#proven.has(runtime)) {
      const others = this.#attempts.get(runtime);
      if (others === undefined) {
        const own = attempt();
        this.#attempts.set(runtime, own);
        try {
          await own;
          this.#proven.add(runtime);
        } finally {
          this.#attempts.delete(runtime);
        }
      } else
        await untilAborted(others, signal, "the runtime opened its first REPL").catch((error: unknown) => {
          if (signal.aborted || !RLMError.is(error, "aborted")) throw error;
        });
    }
  }
}
