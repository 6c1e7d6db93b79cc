import { checkAppend } from "../../data/decode/decode.ts";
import type { RunNode } from "../../data/node.ts";
import type { RunInfo } from "../../data/run-info.ts";
import { RLMError } from "../../errors.ts";
import type { Environment } from "../../protocols/environment.ts";
import type { PayloadStore, RunStores, Store } from "../../protocols/store.ts";
import { closablePayloads } from "./closable-payloads.ts";
import { MemoryPayloads } from "./memory-payloads.ts";

/*
 * Owns: the branches of all runs of this process that were given no workspace, and who may write them.
 * Does not own: payloads (memory-payloads.ts), the graph.
 *
 * 1. A branch has one writer, the store that opened it last: later appends of an abandoned flow are refused.
 * 2. `nodes` only grows, and each append is one synchronous step. So nodes are in the order of the calls, and no append is
 *    partial.
 * 3. `nextN` of an agent is the number of its nodes in `nodes`.
 */

interface Branch {
  readonly run: RunInfo;
  readonly nodes: RunNode[];
  readonly nextN: Map<string, number>;
  writer: Store | null;
}

class MemoryStore implements Store {
  readonly protocol = 1;
  readonly payloads: PayloadStore;
  readonly #branch: Branch;
  #closed = false;

  constructor(branch: Branch, payloads: MemoryPayloads) {
    this.#branch = branch;
    this.payloads = closablePayloads(payloads, () => this.#assertOpen());
    branch.writer = this;
  }

  get run(): RunInfo {
    return this.#branch.run;
  }

  async append(agentId: string, expectedN: number, nodes: readonly RunNode[]): Promise<void> {
    this.#assertOpen();
    const { writer, nextN, nodes: kept } = this.#branch;
    if (writer !== this) {
      throw new RLMError(
        "lost_race",
        `Branch ${this.run.branch.id} of run ${this.run.runId} was opened again since; only the store that opened it last may append.`,
      );
    }
    const checked = checkAppend({ agentId, expectedN, nodes, nextN: nextN.get(agentId) ?? 0 });
    for (const node of checked) kept.push(node);
    nextN.set(agentId, expectedN + checked.length);
  }

  async read(): Promise<readonly RunNode[]> {
    this.#assertOpen();
    return [...this.#branch.nodes];
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new RLMError("closed", `The store of run ${this.run.runId} is closed; open the run again.`);
    }
  }
}

class MemoryStores implements RunStores {
  readonly #branches = new Map<string, Branch>();
  readonly payloads: MemoryPayloads;

  constructor(digest: Environment["digest"]) {
    this.payloads = new MemoryPayloads(digest);
  }

  async createRun(run: RunInfo, nodes: readonly RunNode[] = []): Promise<Store> {
    return this.#add(run, nodes);
  }

  async openRun(runId: string, branchId: string): Promise<Store> {
    const branch = this.#branches.get(keyOf(runId, branchId));
    if (branch !== undefined) return new MemoryStore(branch, this.payloads);
    const known = [...this.#branches.values()].slice(0, 10).map(({ run }) => `${run.runId}/${run.branch.id}`);
    throw new RLMError(
      "not_found",
      `There is no branch ${branchId} of a run ${runId} in memory; there is ${known.join(", ") || "nothing yet"}.`,
    );
  }

  async forkRun(run: RunInfo, nodes: readonly RunNode[]): Promise<Store> {
    return this.#add(run, nodes);
  }

  #add(run: RunInfo, nodes: readonly RunNode[]): Store {
    const key = keyOf(run.runId, run.branch.id);
    if (this.#branches.has(key)) {
      throw new RLMError(
        "already_exists",
        `Branch ${run.branch.id} of run ${run.runId} is there already; open it, or take another id.`,
      );
    }
    const branch: Branch = { run, nodes: [], nextN: new Map(), writer: null };
    for (const node of nodes) {
      const { agentId, n } = node;
      const nextN = branch.nextN.get(agentId) ?? 0;
      branch.nodes.push(...checkAppend({ agentId, expectedN: n, nodes: [node], nextN }));
      branch.nextN.set(agentId, n + 1);
    }
    this.#branches.set(key, branch);
    return new MemoryStore(branch, this.payloads);
  }
}

function keyOf(runId: string, branchId: string): string {
  return JSON.stringify([runId, branchId]);
}

/** Keeps runs in this process's memory, where they end with it. Any number of runs; contexts are whole strings. */
export function memoryStores(digest: Environment["digest"]): RunStores {
  return new MemoryStores(digest);
}
