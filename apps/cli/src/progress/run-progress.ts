import type { RunNode, Usage, UsageTotal } from "@rlmflow/core";
import { addUsage, nodeUsage, ZERO_USAGE } from "@rlmflow/core/store";

/*
 * Owns: the state of a run as its nodes and text so far show it.
 * Does not own: the run, time, the terminal. Texts stay as models wrote them.
 *
 * 1. The time to take a node grows with its agent's depth, not with the size of the run.
 * 2. `agents` holds only agents that have not ended; ended agents are only counted.
 */

/** What an agent that has not ended is doing. */
export type AgentPhase = "model" | "code" | "waiting";

/** An agent that has not ended. */
export interface LiveAgent {
  readonly agentId: string;
  readonly depth: number;
  readonly phase: AgentPhase;
  /** Epoch milliseconds at which the phase began. */
  readonly since: number;
  /** What it says or runs; as a model wrote it. */
  readonly label: string;
  /** The children it waits for, ended ones among them. */
  readonly awaited: readonly string[];
  readonly own: UsageTotal;
  /** The request that failed last and is made again; `null` when what is in flight has not failed. */
  readonly retry: Retrying | null;
}

/** A request that failed and is made again. */
export interface Retrying {
  readonly agentId: string;
  readonly model: string;
  /** Requests made so far. */
  readonly attempt: number;
  readonly waitMs: number;
  readonly message: string;
  /** Epoch milliseconds at which it failed. */
  readonly at: number;
}

/** The counts that every kind of progress shows. */
export interface ProgressCounts {
  readonly nodes: number;
  readonly agents: number;
  readonly done: number;
  readonly failed: number;
  readonly deepest: number;
  /** Requests that failed and were made again. */
  readonly retries: number;
}

const LABEL_KEPT = 240;

/** How a run stands, brought forward node by node. */
export class RunProgress {
  readonly runId: string;
  readonly startedAt: number;
  readonly #agents = new Map<string, LiveAgent>();
  #counts: ProgressCounts = { nodes: 0, agents: 0, done: 0, failed: 0, deepest: 0, retries: 0 };
  #usage: UsageTotal = ZERO_USAGE;
  #isPaused = false;
  #lastRetry: Retrying | null = null;
  #lastFailure: { readonly agentId: string; readonly message: string } | null = null;

  constructor(runId: string, startedAt: number) {
    this.runId = runId;
    this.startedAt = startedAt;
  }

  get counts(): ProgressCounts {
    return this.#counts;
  }

  /** True while nothing new starts. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** What the run consumed so far. */
  get usage(): UsageTotal {
    return this.#usage;
  }

  /** The last agent that failed, and why. */
  get lastFailure(): { readonly agentId: string; readonly message: string } | null {
    return this.#lastFailure;
  }

  /** The last request that failed and is made again. */
  get lastRetry(): Retrying | null {
    return this.#lastRetry;
  }

  /** Agents that have not ended, in the order in which they came. */
  agents(): Iterable<LiveAgent> {
    return this.#agents.values();
  }

  /** True for an agent that has begun and not ended. */
  isLive(agentId: string): boolean {
    return this.#agents.has(agentId);
  }

  /** Notes that the run was paused, or continues. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  /** Takes the next node of the run. */
  add(node: RunNode): void {
    this.#count({ nodes: this.#counts.nodes + 1 });
    if (node.type === "query") this.#begin(node);
    for (const usage of nodeUsage(node)) this.#consume(node.agentId, usage);
    if (node.type === "observation" && !this.#agents.has(node.agentId)) this.#reopen(node);
    const agent = this.#agents.get(node.agentId);
    if (agent === undefined) return;
    if (node.type === "result" || (node.type === "error" && node.fatal)) this.#end(node);
    else this.#agents.set(agent.agentId, { ...agent, ...changeOf(node, agent), retry: null });
  }

  /** Takes a request that failed at `at` and is made again. */
  addRetry({ agentId, model, attempt, waitMs, message }: Omit<Retrying, "at">, at: number): void {
    const retry = { agentId, model, attempt, waitMs, message, at };
    this.#lastRetry = retry;
    this.#count({ retries: this.#counts.retries + 1 });
    const agent = this.#agents.get(agentId);
    if (agent !== undefined) this.#agents.set(agentId, { ...agent, retry });
  }

  /** Takes a piece of a reply that is still being written. */
  addText(agentId: string, delta: string): void {
    const agent = this.#agents.get(agentId);
    if (agent?.phase !== "model") return;
    this.#agents.set(agentId, { ...agent, label: (agent.label + delta).slice(-LABEL_KEPT), retry: null });
  }

  #begin(node: Extract<RunNode, { type: "query" }>): void {
    const { agentId, depth } = node;
    const { agents, done, deepest } = this.#counts;
    this.#count({ deepest: Math.max(deepest, depth) });
    this.#count(node.ordinal === 0 ? { agents: agents + 1 } : { done: done - 1 });
    const since = node.endedAt;
    this.#agents.set(agentId, {
      agentId,
      depth,
      phase: "model",
      since,
      label: "",
      awaited: [],
      own: ZERO_USAGE,
      retry: null,
    });
  }

  /** Only a raised limit follows the end of an agent: it goes on. */
  #reopen({ agentId, endedAt }: RunNode): void {
    this.#count({ failed: this.#counts.failed - 1 });
    this.#agents.set(agentId, {
      agentId,
      depth: agentId.split(".").length - 1,
      phase: "model",
      since: endedAt,
      label: "",
      awaited: [],
      own: ZERO_USAGE,
      retry: null,
    });
  }

  #consume(agentId: string, usage: Usage): void {
    this.#usage = addUsage(this.#usage, usage);
    const agent = this.#agents.get(agentId);
    if (agent !== undefined) this.#agents.set(agentId, { ...agent, own: addUsage(agent.own, usage) });
  }

  #end(node: Extract<RunNode, { type: "result" | "error" }>): void {
    this.#agents.delete(node.agentId);
    const { done, failed } = this.#counts;
    this.#count(node.type === "result" ? { done: done + 1 } : { failed: failed + 1 });
    if (node.type === "error" && node.kind !== "cancelled") {
      this.#lastFailure = { agentId: node.agentId, message: node.message };
    }
  }

  #count(change: Partial<ProgressCounts>): void {
    this.#counts = { ...this.#counts, ...change };
  }
}

type Change = Pick<LiveAgent, "phase" | "since" | "label"> & Partial<Pick<LiveAgent, "awaited">>;

/** What a node that does not end its agent changes. */
function changeOf(node: RunNode, agent: LiveAgent): Change | null {
  const since = node.endedAt;
  switch (node.type) {
    case "action":
      return {
        phase: node.code === null ? "model" : "code",
        since,
        label: (node.code ?? "").slice(0, LABEL_KEPT),
      };
    case "supervising": {
      const agents = node.waits.flatMap((wait) => wait.agents);
      return { phase: "waiting", since, label: "", awaited: [...new Set([...agent.awaited, ...agents])] };
    }
    case "observation":
    case "resume":
    case "error":
      return { phase: "model", since, label: "", awaited: [] };
    case "query":
    case "call":
    case "result":
      return null;
  }
}
