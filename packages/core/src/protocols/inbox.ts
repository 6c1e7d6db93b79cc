import type { Edit } from "../data/edit.ts";

/** What may be asked of the process that moves a run: nothing of it is recorded in the graph. */
export interface RunControl {
  readonly kind: "pause" | "unpause" | "abort";
}

/** Something that a process asks of the one that moves the run. */
export type InboxRequest = Edit | RunControl;

/** A request as it stands in an inbox. */
export interface InboxEntry {
  /** Drawn by who put it. The node that an edit becomes names it. */
  readonly id: string;
  /** Its place in the inbox: later ones have higher numbers. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly request: InboxRequest;
}

/** What became of an entry. */
export type InboxFate =
  /** The ids of the nodes that the edit became; none for a control. */
  | { readonly state: "applied"; readonly nodes: readonly string[] }
  | { readonly state: "refused"; readonly reason: string };

/**
 * What other processes ask of one branch of a run.
 *
 * - `put` may be called by any process, whether or not the branch is open for writing. When it resolves the
 *   entry is durable. `fateOf` tells any process what became of an entry; `null` while that is open.
 * - `take` and `settle` are for the one writer of the branch. `take` gives the entries behind those given
 *   before, in the order of their numbers; the first call gives all whose fate is open. `settle` is durable
 *   when it resolves.
 * - `changed` resolves when there may be something to take, and early when the signal aborts. It never
 *   rejects, and nothing it has started is left when it has resolved.
 * - What a dying process has left half-written is passed over, and keeps nobody from putting and taking.
 */
export interface Inbox {
  put(request: InboxRequest): Promise<InboxEntry>;
  fateOf(id: string): Promise<InboxFate | null>;
  take(): Promise<readonly InboxEntry[]>;
  settle(id: string, fate: InboxFate): Promise<void>;
  changed(signal: AbortSignal): Promise<void>;
}
