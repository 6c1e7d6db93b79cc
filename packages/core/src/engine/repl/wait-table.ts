/** A query that a wait is for: the delegating call and the agent it gave, or the refusal of the call. */
export interface AwaitedQuery {
  readonly callId: string;
  readonly agentId: string | null;
}

interface OpenWait {
  readonly queries: readonly AwaitedQuery[];
  readonly missing: Set<string>;
  /** Queries that have not been heard of, see {@link WaitTable.note}. */
  remaining: number;
}

/**
 * The waits of one block that are not complete. Settling a query takes time in the number of waits that
 * are for it, not in all that are open.
 */
export class WaitTable {
  readonly #open = new Map<number, OpenWait>();
  readonly #byCall = new Map<string, number[]>();
  readonly #noted = new Set<string>();
  readonly #new: number[] = [];

  get size(): number {
    return this.#open.size;
  }

  /** Indices of the open waits that were opened since it was last asked. */
  takeNew(): readonly number[] {
    return this.#new.splice(0).filter((index) => this.#open.has(index));
  }

  has(index: number): boolean {
    return this.#open.has(index);
  }

  queries(index: number): readonly AwaitedQuery[] {
    return this.#open.get(index)?.queries ?? [];
  }

  /** Opens a wait; true when it is complete at once. */
  open(index: number, queries: readonly AwaitedQuery[], ended: (query: AwaitedQuery) => boolean): boolean {
    const missing = new Set<string>();
    for (const query of queries) {
      if (ended(query) || missing.has(query.callId)) continue;
      missing.add(query.callId);
      const waits = this.#byCall.get(query.callId);
      if (waits === undefined) this.#byCall.set(query.callId, [index]);
      else waits.push(index);
    }
    this.#open.set(index, { queries, missing, remaining: missing.size });
    this.#new.push(index);
    return missing.size === 0;
  }

  /** Hears that a query has ended without settling anything; true when a wait could now be settled. */
  note(callId: string): boolean {
    let complete = false;
    if (this.#noted.has(callId)) return complete;
    this.#noted.add(callId);
    for (const index of this.#byCall.get(callId) ?? []) {
      const wait = this.#open.get(index);
      if (wait === undefined) continue;
      wait.remaining -= 1;
      complete ||= wait.remaining === 0;
    }
    return complete;
  }

  /** Indices of the waits that are complete now that this query has ended, in order. */
  settle(callId: string): readonly number[] {
    const complete: number[] = [];
    this.note(callId);
    for (const index of this.#byCall.get(callId) ?? []) {
      const wait = this.#open.get(index);
      if (wait?.missing.delete(callId) === true && wait.missing.size === 0) complete.push(index);
    }
    this.#byCall.delete(callId);
    return complete;
  }

  close(index: number): void {
    this.#open.delete(index);
  }
}
