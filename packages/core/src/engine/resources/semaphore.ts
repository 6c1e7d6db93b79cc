import { RLMError } from "../../errors.ts";
import { WaitingLine } from "./waiting-line.ts";

/** Gives back a permit; further calls do nothing. */
export type Release = () => void;

interface Waiter {
  admit(): void;
}

/**
 * Lets a bounded number in at a time. The run that came to the flow first has precedence, so that no run is
 * overtaken. Within a run the newest request has, so that trees of agents finish before new ones are begun.
 */
export class Semaphore {
  readonly #limit: number;
  readonly #waiting = new WaitingLine<Waiter>();
  #inside = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves when there is a permit. Rejects with `aborted` when the signal aborts first. `arrival` says when the
   * run came to the flow.
   */
  acquire(signal: AbortSignal, arrival = 0): Promise<Release> {
    if (signal.aborted) return Promise.reject(abortedWhileWaiting());
    if (this.#inside < this.#limit) {
      this.#inside += 1;
      return Promise.resolve(this.#release());
    }
    return new Promise((resolve, reject) => {
      const admit = () => {
        signal.removeEventListener("abort", abort);
        resolve(this.#release());
      };
      const leave = this.#waiting.add(arrival, { admit });
      const abort = () => {
        leave();
        reject(abortedWhileWaiting());
      };
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  #release(): Release {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#waiting.next();
      if (next === undefined) this.#inside -= 1;
      else next.admit();
    };
  }
}

function abortedWhileWaiting(): RLMError {
  return new RLMError("aborted", "Aborted while waiting for a permit.");
}
