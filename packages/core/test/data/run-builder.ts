import type { AgentConfig } from "../../src/data/agent-config.ts";
import { callNodeId, chainNodeId, intentNodeId } from "../../src/data/ids.ts";
import {
  type ActionNode,
  type CallNode,
  type ChainNode,
  type ErrorKind,
  type ErrorNode,
  Graph,
  type JsonValue,
  type QueryNode,
  type RunNode,
  type SupervisingNode,
  UNKNOWN_USAGE,
} from "../../src/index.ts";
import { type BlockRecord, deepFreeze, type Origin, type RunInfo } from "../../src/store.ts";

export const runInfo: RunInfo = deepFreeze({
  runId: "run",
  branch: { id: "main", parent: null, createdAt: 0 },
  metadata: {},
});

export const agentConfig: AgentConfig = deepFreeze({
  model: "default",
  runtime: "default",
  maxDepth: 5,
  maxIterations: 30,
  maxTotalTokens: null,
  maxCostUsd: null,
  maxDurationMs: null,
  maxAgents: 1000,
  maxChildren: 64,
  maxOutputLength: 12_000,
  maxMessages: null,
});

export const blockRecord: BlockRecord = deepFreeze({
  output: "",
  shown: 0,
  variables: [],
  reads: [],
  startedAt: 0,
  codeMs: 0,
});

type Common = "id" | "agentId" | "n" | "startedAt" | "endedAt";
type DraftOf<N> = N extends RunNode
  ? Omit<N, Common | "parentId" | "origin"> & { readonly parentId?: string; readonly origin?: Origin }
  : never;

/** Puts nodes behind each other, each with the id its place gives. `graph` is the newest snapshot. */
export class RunBuilder {
  graph: Graph;
  #clock = 0;

  constructor(graph: Graph = Graph.empty(runInfo)) {
    this.graph = graph;
  }

  /** Appends a chain node and gives its id. */
  add(agentId: string, draft: DraftOf<ChainNode>): string {
    const place = this.graph.chainLength(agentId);
    const parentId = place === 0 ? null : chainNodeId(agentId, place - 1);
    const node: ChainNode = { ...this.#common(agentId), id: chainNodeId(agentId, place), parentId, ...draft };
    return this.#append(node);
  }

  /** A task: of the root, or of the child that the call with the id `parentId` gave. */
  query(agentId: string, query: string, more: Partial<DraftOf<QueryNode>> = {}): string {
    return this.add(agentId, {
      type: "query",
      query,
      ordinal: 0,
      depth: agentId.split(".").length - 1,
      systemPrompt: "Be good.",
      config: agentConfig,
      contexts: [],
      output: null,
      globals: {},
      tools: [],
      seed: "seed",
      interpreter: "1",
      language: { name: "javascript", engine: "test" },
      ...more,
    });
  }

  action(agentId: string, code: string | null, more: Partial<DraftOf<ActionNode>> = {}): string {
    return this.add(agentId, {
      type: "action",
      reply: code === null ? "Just words." : `\`\`\`repl\n${code}\n\`\`\``,
      code,
      notice: null,
      model: "m",
      usage: UNKNOWN_USAGE,
      finishReason: "stop",
      request: "0".repeat(64),
      attempts: [],
      final: false,
      ...more,
    });
  }

  observation(agentId: string, content: string): string {
    return this.add(agentId, { type: "observation", content, block: blockRecord });
  }

  supervising(agentId: string, waits: SupervisingNode["waits"]): string {
    return this.add(agentId, { type: "supervising", waits, block: blockRecord });
  }

  resume(agentId: string, content: string): string {
    const resumedFrom = this.graph.head(agentId)?.id ?? "";
    return this.add(agentId, { type: "resume", resumedFrom, content, block: blockRecord });
  }

  error(agentId: string, kind: ErrorKind, more: Partial<DraftOf<ErrorNode>> = {}): string {
    const block = more.fatal === true ? {} : { block: blockRecord };
    return this.add(agentId, {
      type: "error",
      kind,
      message: `${kind} happened`,
      content: `${kind} happened`,
      fatal: false,
      ...block,
      ...more,
    });
  }

  result(agentId: string, result: JsonValue): string {
    return this.add(agentId, { type: "result", result, cancelled: [], block: blockRecord });
  }

  /** An answered call of the agent's newest block. */
  call(agentId: string, index: number, more: Partial<DraftOf<CallNode>> = {}): string {
    const action = this.graph.lastAction(agentId)?.id ?? "";
    const name = more.intent === true ? intentNodeId : callNodeId;
    return this.#append({
      ...this.#common(agentId),
      id: name(action, index),
      parentId: action,
      type: "call",
      index,
      name: "tool",
      args: [],
      outcome: { ok: true, value: null },
      ...more,
    });
  }

  /** A `delegate` call that gave this child, and the child's query. Gives the id of the call. */
  delegate(agentId: string, index: number, child: string, more: Partial<DraftOf<QueryNode>> = {}): string {
    const id = this.call(agentId, index, { name: "delegate", outcome: { ok: true, value: child } });
    const ordinal = this.graph.chain(child).filter((node) => node.type === "query").length;
    this.query(child, `Task ${ordinal}`, { parentId: id, ordinal, ...more });
    return id;
  }

  #common(agentId: string) {
    this.#clock += 10;
    const n = this.graph.nextN(agentId);
    return { agentId, n, startedAt: this.#clock, endedAt: this.#clock + 5, origin: "engine" } as const;
  }

  #append(node: RunNode): string {
    this.graph = this.graph.append([deepFreeze(node)]);
    return node.id;
  }
}
