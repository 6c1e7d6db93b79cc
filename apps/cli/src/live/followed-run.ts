import { setTimeout as sleep } from "node:timers/promises";
import { Graph, type RunNode } from "@rlmflow/core";
import type { BranchInbox, BranchReader } from "@rlmflow/workspace";

/*
 * Owns: the graph of a run that another process moves, as far as its log was read.
 * Does not own: the log, from which it only reads; nothing here takes a lock.
 */

/** Why following a run has come to an end. */
export type FollowEnd = "ended" | "left" | "stopped";

const POLL_MS = 150;
/** A process that takes a run over from another may leave it without a lock for a moment. */
const LEFT_AFTER_MS = 1500;

/** Who hears what happens in a run. */
export interface Follower {
  readonly heard: (node: RunNode) => Promise<void>;
  readonly paused: (isPaused: boolean) => void;
}

/** A branch of a run as another process moves it. */
export class FollowedRun {
  readonly #reader: BranchReader;
  readonly #inbox: BranchInbox;
  #graph: Graph;

  constructor(reader: BranchReader, inbox: BranchInbox) {
    this.#reader = reader;
    this.#inbox = inbox;
    this.#graph = Graph.empty(reader.run);
  }

  get graph(): Graph {
    return this.#graph;
  }

  /**
   * Hands on every node, old ones first, and each change between paused and not, until the root has ended, nobody moves
   * the run, or it is stopped.
   */
  async follow({ heard, paused }: Follower, stopped: AbortSignal): Promise<FollowEnd> {
    let leftSince: number | null = null;
    let wasPaused = false;
    for (;;) {
      const nodes = await this.#reader.next();
      this.#graph = this.#graph.append(nodes);
      for (const node of nodes) await heard(node);
      if (stopped.aborted) return "stopped";
      if (this.#graph.finished) return "ended";
      const isPaused = await this.#inbox.isPaused();
      if (isPaused !== wasPaused) paused(isPaused);
      wasPaused = isPaused;
      const isMoved = nodes.length > 0 || (await this.#inbox.isTaken());
      leftSince = isMoved ? null : (leftSince ?? performance.now());
      if (leftSince !== null && performance.now() - leftSince > LEFT_AFTER_MS) return "left";
      await sleep(POLL_MS, undefined, { signal: stopped }).catch(() => {});
    }
  }
}
