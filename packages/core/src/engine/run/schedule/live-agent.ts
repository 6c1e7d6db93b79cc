import { ABORTED, InFlight } from "../../agent/in-flight.ts";
import type { WaitTable } from "../../repl/wait-table.ts";
import type { Budget } from "../../resources/budget.ts";

/** Where an unfinished agent stands in its process. Only the scheduler changes it. */
export type LiveAgentState =
  /** It may move. */
  | { readonly kind: "ready" }
  /**
   * A transition is in flight, or work between two of them, after which it returns to `before`. `again`: it was made
   * ready meanwhile.
   */
  | {
      readonly kind: "busy";
      readonly landed: Promise<void>;
      readonly before: LiveAgentState | null;
      readonly again: boolean;
    }
  /** It waits for children and holds no promise, no permit and maybe no REPL. `null`: only the log knows for which. */
  | { readonly kind: "parked"; readonly waits: WaitTable | null }
  /** It ends where it stands, when what was in flight has landed. */
  | { readonly kind: "stopped"; readonly landed: Promise<void> | null };

/** What a live run keeps of one unfinished agent. */
export class LiveAgent {
  readonly agentId: string;
  budget: Budget;
  readonly inFlight: InFlight = new InFlight();
  state: LiveAgentState = { kind: "parked", waits: null };
  /** Work for the next boundary between two transitions; none of it rejects. */
  readonly queued: (() => Promise<void>)[] = [];
  #stop = new AbortController();
  #rest = new AbortController();

  constructor(agentId: string, budget: Budget) {
    this.agentId = agentId;
    this.budget = budget;
  }

  /** Resolves when nothing of it is in flight; `null` when nothing is. */
  get landed(): Promise<void> | null {
    return this.state.kind === "busy" || this.state.kind === "stopped" ? this.state.landed : null;
  }

  /** Aborts when its transition is to stop. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborts when nothing more of it is to be sent for now. */
  get restSignal(): AbortSignal {
    return this.#rest.signal;
  }

  /** Prepares for a transition: replaces the signals that were aborted before. */
  renew(): void {
    if (this.#stop.signal.aborted) this.#stop = new AbortController();
    if (this.#rest.signal.aborted) this.#rest = new AbortController();
    this.inFlight.renew();
  }

  /** Stops the transition and the calls of its block. */
  abort(): void {
    this.#stop.abort(ABORTED);
    this.inFlight.abort();
  }

  /** Lets nothing more be sent for now. */
  rest(): void {
    this.#rest.abort(ABORTED);
  }
}
