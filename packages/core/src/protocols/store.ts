import type { BlobRef, RunNode } from "../data/node.ts";
import type { RunInfo } from "../data/run-info.ts";
import type { Inbox } from "./inbox.ts";
import type { ContextPayload } from "./runtime.ts";

/**
 * Where one branch of a run is kept. One writer, any number of readers.
 *
 * - `append` is atomic and conditional: the nodes are one agent's, contiguous from `expectedN`; all of
 *   them are kept or none. It resolves when they are as durable as the store promises, in the order in
 *   which `append` was called. A wrong `expectedN` rejects with `lost_race`, a failed write with
 *   `store_failed`; after that every further append rejects too. Nodes of another agent or with a gap are
 *   a `protocol_violation`, one that could not be read back is `invalid_graph` (`checkAppend` does all three).
 * - Blobs and contexts are content-addressed and in place before the promise resolves; putting one
 *   twice is free. Reading one that is not there rejects with `not_found`. Half a surrogate pair is refused
 *   in a blob and becomes U+FFFD in a context. A context that was opened can be read after `close`.
 * - `read` gives the same order each time, appended nodes last.
 * - `close` waits for appends that were called before it and may be called twice. After it everything
 *   rejects with `closed`.
 * - Of two stores of one branch at most one appends: opening is refused with `locked`, or ends the first.
 */
export interface Store {
  readonly protocol: 1;
  readonly run: RunInfo;
  append(agentId: string, expectedN: number, nodes: readonly RunNode[]): Promise<void>;
  read(): Promise<readonly RunNode[]>;
  readonly payloads: PayloadStore;
  close(): Promise<void>;
  /** What other processes ask of the branch; absent where none can. */
  readonly inbox?: Inbox;
  /** What opening the branch has repaired; absent where nothing can break. */
  readonly repaired?: { readonly droppedBytes: number };
}

/** The large values of a run, by digest. */
export interface PayloadStore {
  putBlob(text: string): Promise<BlobRef>;
  getBlob(digest: string): Promise<string>;
  putContext(
    text: string | AsyncIterable<string>,
  ): Promise<{ readonly digest: string; readonly characters: number }>;
  /** A payload whose `read` gives any range without loading the whole. */
  openContext(digest: string): Promise<Omit<ContextPayload, "key" | "metadata">>;
}

/** Reads payloads by their digests. */
export type PayloadReader = Pick<PayloadStore, "getBlob" | "openContext">;

/** Where runs are kept: makes the store of a new one. */
export interface RunStores {
  /** The payloads of all runs, whether or not one of them is open; those of a run are put here before it is made. */
  readonly payloads: PayloadStore;
  /** A new run whose log begins with these nodes, none by default: it is there with them or not at all. Rejects with `already_exists`. */
  createRun(run: RunInfo, nodes?: readonly RunNode[]): Promise<Store>;
  /** The store of a run's branch that was kept before; rejects with `not_found`. */
  openRun(runId: string, branchId: string): Promise<Store>;
  /** A new branch that begins with a copy of these nodes. Rejects with `already_exists`. */
  forkRun(run: RunInfo, nodes: readonly RunNode[]): Promise<Store>;
}
