import { Graph, type RunNode, type Usage } from "@rlmflow/core";
import type { RunInfo } from "@rlmflow/core/store";

type Of<Type extends RunNode["type"]> = Extract<RunNode, { type: Type }>;
type Block = Of<"supervising">["block"];

export const RUN: RunInfo = {
  runId: "run7f3a",
  branch: { id: "main", parent: null, createdAt: 0 },
  metadata: {},
};

const CONFIG: Of<"query">["config"] = {
  model: "gpt-x",
  runtime: "default",
  maxDepth: 5,
  maxIterations: 30,
  maxTotalTokens: null,
  maxCostUsd: null,
  maxDurationMs: null,
  maxAgents: 1000,
  maxChildren: 1000,
  maxOutputLength: 12_000,
  maxMessages: null,
};

export function block(output: string, shown: number = output.length): Block {
  return { output, shown, variables: [], reads: [], startedAt: 0, codeMs: 1 };
}

export function tokens(input: number, output: number, costMicroUsd: number | null = null): Usage {
  return { input, output, cached: 0, reasoning: 0, costMicroUsd };
}

/** Writes the nodes of a run one after another, on a clock that the test moves. */
export class SampleRun {
  readonly nodes: RunNode[] = [];
  now = 0;
  readonly #delegations = new Map<string, string>();
  readonly #places = new Map<string, { n: number; chain: number; calls: number }>();

  graph(): Graph {
    return Graph.fromNodes(RUN, this.nodes);
  }

  query(agentId: string, query: string = `task of ${agentId}`): this {
    return this.#chain(agentId, {
      type: "query",
      parentId: this.#delegations.get(agentId) ?? null,
      query,
      ordinal: 0,
      depth: agentId.split(".").length - 1,
      systemPrompt: "",
      config: CONFIG,
      contexts: [],
      output: null,
      globals: {},
      tools: [],
      seed: "seed",
      interpreter: "1",
      language: { name: "JavaScript", engine: "v8" },
    });
  }

  action(agentId: string, reply: string, usage: Usage = tokens(100, 10), tookMs: number = 0): this {
    const startedAt = this.now;
    this.now += tookMs;
    const code = /```repl\n([\s\S]*?)\n```/.exec(reply)?.[1] ?? null;
    const attempt = { startedAt, firstTokenAt: null, endedAt: this.now, outcome: "complete" as const, usage };
    return this.#chain(
      agentId,
      {
        type: "action",
        reply,
        code,
        notice: null,
        model: "gpt-x",
        usage,
        finishReason: "stop",
        request: "0".repeat(64),
        attempts: [attempt],
        final: false,
      },
      startedAt,
    );
  }

  delegate(agentId: string, childId: string): this {
    const place = this.#place(agentId);
    const index = place.calls;
    place.calls += 1;
    const actionId = `${agentId}#${place.chain - 1}`;
    this.#delegations.set(childId, `${actionId}/${index}`);
    return this.#push({
      ...this.#common(agentId, `${actionId}/${index}`, actionId),
      type: "call",
      index,
      name: "delegate",
      args: [],
      outcome: { ok: true, value: childId },
    });
  }

  supervising(agentId: string, agents: readonly string[]): this {
    return this.#chain(agentId, { type: "supervising", waits: [{ index: 0, agents }], block: block("") });
  }

  observation(agentId: string, output: string, shown?: number): this {
    return this.#chain(agentId, { type: "observation", content: output, block: block(output, shown) });
  }

  resume(agentId: string, output: string): this {
    const resumedFrom = `${agentId}#${this.#place(agentId).chain - 1}`;
    return this.#chain(agentId, { type: "resume", resumedFrom, content: output, block: block(output) });
  }

  error(
    agentId: string,
    message: string,
    fatal: boolean = true,
    kind: Of<"error">["kind"] = "exception",
  ): this {
    return this.#chain(agentId, { type: "error", kind, message, content: "", fatal });
  }

  result(agentId: string, result: Of<"result">["result"]): this {
    return this.#chain(agentId, { type: "result", result, cancelled: [] });
  }

  #place(agentId: string) {
    const place = this.#places.get(agentId) ?? { n: 0, chain: 0, calls: 0 };
    this.#places.set(agentId, place);
    return place;
  }

  #common(agentId: string, id: string, parentId: string | null, startedAt: number = this.now) {
    const place = this.#place(agentId);
    const n = place.n;
    place.n += 1;
    return { id, agentId, parentId, n, startedAt, endedAt: this.now, origin: "engine" as const };
  }

  #chain(agentId: string, rest: Rest, startedAt: number = this.now): this {
    const place = this.#place(agentId);
    const before = place.chain === 0 ? null : `${agentId}#${place.chain - 1}`;
    const common = this.#common(agentId, `${agentId}#${place.chain}`, before, startedAt);
    place.chain += 1;
    place.calls = 0;
    return this.#push({ ...common, ...rest });
  }

  #push(node: RunNode): this {
    this.nodes.push(node);
    return this;
  }
}

type Common = "id" | "agentId" | "parentId" | "n" | "startedAt" | "endedAt" | "origin";
type Own<Node> = Node extends RunNode ? Omit<Node, Common> & { readonly parentId?: string | null } : never;
type Rest = Own<Exclude<RunNode, { type: "call" }>>;
