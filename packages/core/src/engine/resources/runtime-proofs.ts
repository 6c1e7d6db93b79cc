import { RLMError } from "../../errors.ts";
import type { Runtime } from "../../protocols/runtime.ts";
import { untilAborted } from "../environment/until-aborted.ts";

/**
 * Which runtimes of a flow have opened a REPL. Owns: the attempt to open a first one that is under way.
 * 1. Until a runtime is proven, one run at a time tries it. The others wait and share the outcome, even a failure, unless
 *    the attempt was aborted.
 */
export class RuntimeProofs {
  readonly #proven = new Set<Runtime>();
  readonly #attempts = new Map<Runtime, Promise<unknown>>();

  /** Notes that the runtime has opened a REPL. */
  add(runtime: Runtime): void {
    this.#proven.add(runtime);
  }

  /** Resolves when the runtime is proven, by `attempt` unless another is under way. Rejects when the attempt fails. */
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
