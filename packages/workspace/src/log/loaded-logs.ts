import type { Graph, RunNode } from "@rlmflow/core";
import type { LogReader } from "./log-reader.ts";

/** A log as it was read. */
export interface LoadedLog {
  readonly reader: LogReader;
  readonly nodes: readonly RunNode[];
}

/**
 * What was read and checked of logs whose graphs are still in use, so that resuming a graph that was just loaded does
 * not read its log a second time.
 *
 * Owns: which log a graph was read from. Does not own: the graphs, which it does not keep alive.
 * 1. The record of a graph is given out once, because its log grows afterwards.
 * 2. The reader checks that the log is unchanged, once the branch is locked.
 */
export class LoadedLogs {
  readonly #loaded = new Map<string, { readonly graph: WeakRef<Graph>; readonly reader: LogReader }>();

  /** Keeps what was read of this log for as long as the graph is in use. */
  keep(log: string, graph: Graph, reader: LogReader): void {
    for (const [key, known] of this.#loaded) if (known.graph.deref() === undefined) this.#loaded.delete(key);
    this.#loaded.set(log, { graph: new WeakRef(graph), reader });
  }

  /** What was last read of this log, or `null` when nobody uses it any more. */
  take(log: string): LoadedLog | null {
    const known = this.#loaded.get(log);
    this.#loaded.delete(log);
    const graph = known?.graph.deref();
    return known === undefined || graph === undefined
      ? null
      : { reader: known.reader, nodes: [...graph.walk()] };
  }
}
