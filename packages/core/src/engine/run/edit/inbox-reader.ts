import type { Edit } from "../../../data/edit.ts";
import type { Graph } from "../../../data/graph/graph.ts";
import { RLMError } from "../../../errors.ts";
import type { Inbox, InboxEntry, InboxFate, RunControl } from "../../../protocols/inbox.ts";

/** The live run as an inbox sees it. */
export interface InboxTarget {
  graph(): Graph;
  /** True once nothing moves any more, whatever is asked. */
  isOver(): boolean;
  apply(edit: Edit, entry: string): Promise<readonly string[]>;
  control(kind: RunControl["kind"]): Promise<void>;
  refused(edit: Edit, reason: string): void;
  /** The inbox can't be read or marked: a fault of the store. */
  failed(error: unknown): void;
}

/**
 * Brings what other processes ask of a run into it.
 *
 * Owns: the entries that are under way. Does not own: the inbox's file, how an edit lands.
 * 1. If a node of the log names an entry, that entry was applied and only its mark may be missing. So each edit is
 *    applied exactly once, whenever the process dies.
 * 2. An entry that waits for its agent's boundary does not hold up other entries.
 * 3. A control is for the process that runs, so a control that was put before this process took up the run is refused.
 * 4. After `stop` has resolved no entry is under way, and no timer is left.
 */
export class InboxReader {
  readonly #inbox: Inbox;
  readonly #target: InboxTarget;
  readonly #underWay = new Set<Promise<void>>();
  #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(inbox: Inbox, target: InboxTarget) {
    this.#inbox = inbox;
    this.#target = target;
  }

  /** Applies what was put while nobody moved the run. To be called while nothing moves. */
  async takeWaiting(): Promise<void> {
    await this.#take(true);
    await Promise.all(this.#underWay);
  }

  /** Listens until {@link stop}. */
  start(): void {
    this.#stopping = new AbortController();
    this.#loop = this.#listen(this.#stopping.signal).catch((error) => this.#target.failed(error));
  }

  /** Takes what has come in the meantime, then stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#take(false).catch((error) => this.#target.failed(error));
    await Promise.all(this.#underWay);
  }

  async #listen(stopped: AbortSignal): Promise<void> {
    await this.#take(true);
    while (!stopped.aborted) {
      await this.#inbox.changed(stopped);
      await this.#take(false);
    }
  }

  /** Takes all there is and begins with it, in order. `rested`: until now nobody moved the run. */
  async #take(rested: boolean): Promise<void> {
    // What is put behind an abort waits for the next process.
    if (this.#target.isOver()) return;
    const entries = await this.#inbox.take();
    const applied = rested && entries.length > 0 ? this.#appliedBefore() : null;
    for (const entry of entries) {
      const nodes = applied?.get(entry.id);
      const work = nodes === undefined ? this.#perform(entry, rested) : this.#mark(entry, nodes);
      const tracked = work.catch((error) => this.#target.failed(error));
      this.#underWay.add(tracked);
      void tracked.then(() => this.#underWay.delete(tracked));
    }
  }

  async #mark({ id }: InboxEntry, nodes: readonly string[]): Promise<void> {
    await this.#inbox.settle(id, { state: "applied", nodes });
  }

  async #perform({ id, request }: InboxEntry, rested: boolean): Promise<void> {
    if (isEdit(request)) return await this.#edit(id, request);
    if (rested) return await this.#refuse(id, `Nobody moved the run when ${request.kind} was put.`);
    if (this.#target.graph().finished) return await this.#refuse(id, "The run has ended.");
    await this.#target.control(request.kind);
    await this.#inbox.settle(id, { state: "applied", nodes: [] });
  }

  async #edit(id: string, edit: Edit): Promise<void> {
    let fate: InboxFate;
    try {
      fate = { state: "applied", nodes: await this.#target.apply(edit, id) };
    } catch (error) {
      // An aborted run leaves the entry to the next process.
      if (this.#target.isOver()) return;
      if (!RLMError.is(error) || !REFUSALS.includes(error.code)) throw error;
      this.#target.refused(edit, error.message);
      fate = { state: "refused", reason: error.message };
    }
    await this.#inbox.settle(id, fate);
  }

  async #refuse(id: string, reason: string): Promise<void> {
    await this.#inbox.settle(id, { state: "refused", reason });
  }

  /** The nodes that entries of the inbox have become, by entry. */
  #appliedBefore(): ReadonlyMap<string, readonly string[]> {
    const applied = new Map<string, string[]>();
    for (const { entry, id } of this.#target.graph().walk()) {
      if (entry === undefined) continue;
      const nodes = applied.get(entry);
      if (nodes === undefined) applied.set(entry, [id]);
      else nodes.push(id);
    }
    return applied;
  }
}

const REFUSALS: readonly string[] = ["edit_refused", "unknown_agent", "invalid_options"];

function isEdit(request: InboxEntry["request"]): request is Edit {
  return request.kind !== "pause" && request.kind !== "unpause" && request.kind !== "abort";
}
