import type { Attempt } from "../../data/node.ts";
import { Conversation } from "./conversation.ts";
import { Mailbox } from "./mailbox.ts";

/** Shared by all aborts: creating an exception with its stack takes longer than the rest of an abort. */
export const ABORTED: DOMException = new DOMException("This operation was aborted", "AbortError");

/**
 * What one agent has begun and not heard of yet. All of it may be lost with the process: an empty one and the log lead
 * to the same nodes.
 */
export class InFlight {
  readonly mailbox: Mailbox = new Mailbox();
  /** Effects of the running block, by call index; they outlive a lost sandbox. */
  readonly running: Set<number> = new Set();
  /** Sub-LLM queries; each ends soon after its signal aborts. */
  readonly queries: Set<Promise<void>> = new Set();
  /** Requests for replies that were cut. */
  readonly cut: Attempt[] = [];
  /** The messages of earlier requests, and their digest. */
  readonly conversation: Conversation = new Conversation();
  /** The action whose block another process may have begun; `null` once it goes on here. */
  interrupted: string | null = null;
  #effects = new AbortController();

  /** Aborts when nobody will take the answers of the block's calls any more. */
  get effectSignal(): AbortSignal {
    return this.#effects.signal;
  }

  /** Prepares for a transition. */
  renew(): void {
    if (this.#effects.signal.aborted) this.#effects = new AbortController();
  }

  /** Cuts the calls of the block. */
  abort(): void {
    this.#effects.abort(ABORTED);
  }

  /**
   * Cuts what the block still has in flight and takes the attempts of requests whose answers nobody will take
   * any more: the node that says why no answer came keeps them.
   */
  async unrecorded(): Promise<readonly Attempt[]> {
    this.abort();
    await Promise.all(this.queries);
    const late = this.mailbox.takeEffects().flatMap(({ finished }) => finished.attempts ?? []);
    return [...this.cut.splice(0), ...late];
  }
}
