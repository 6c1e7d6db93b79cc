import type { BlobRef, RunNode } from "../data/node.ts";
import type { RunInfo } from "../data/run-info.ts";
import type { ContextPayload } from "./runtime.ts";

/**
 * Where one branch of a run is kept. One writer, any number of readers.
 *
 * - `append` is atomic and conditional: the nodes are one agent's, contiguous from `expectedN`; all of
 *   them are kept or none. It resolves when they are as durable as the store promises, in the order in
 *   which `append` was called. A wrong `expectedN` rejects with `lost_race`, a failed write with
 *   `store_failed`; after that every further append rejects too.
 * - Blobs and contexts are content-addressed and in place before the promise resolves; putting one
 *   twice is free. Reading one that is not there rejects with `not_found`.
 * - `read` gives the same order each time, appended nodes last.
 * - After `close` everything rejects with `closed`.
 */
export interface Store {
  readonly protocol: 1;
  readonly run: RunInfo;
  append(agentId: string, expectedN: number, nodes: readonly RunNode[]): Promise<void>;
  read(): Promise<readonly RunNode[]>;
  readonly payloads: PayloadStore;
  close(): Promise<void>;
}

/** The large values of a run, by digest. */
export interface PayloadStore {
  putBlob(text: string): Promise<BlobRef>;
  getBlob(digest: string): Promise<string>;
  putContext(text: string | AsyncIterable<string>): Promise<{ readonly digest: string; readonly characters: number }>;
  /** A payload whose `read` gives any range without loading the whole. */
  openContext(digest: string): Promise<Omit<ContextPayload, "key" | "metadata">>;
}

/** Where runs are kept: makes the store of a new one. */
export interface RunStores {
  createRun(run: RunInfo): Promise<Store>;
  /** The store of a run's branch that was kept before; rejects with `not_found`. */
  openRun(runId: string, branchId: string): Promise<Store>;
  /** A new branch that begins with a copy of these nodes. */
  forkRun(run: RunInfo, nodes: readonly RunNode[]): Promise<Store>;
}
