import type { AgentConfig } from "../../src/data/agent-config.ts";
import type { BlockRecord, RunNode } from "../../src/data/node.ts";
import type { Usage } from "../../src/data/usage.ts";

const HEX = "0123456789abcdef".repeat(4);
const BLOB = { digest: HEX, bytes: 70_000 };

const config: AgentConfig = {
  model: "default",
  runtime: "default",
  maxDepth: 5,
  maxIterations: 30,
  maxTotalTokens: null,
  maxCostUsd: 0.5,
  maxDurationMs: 60_000,
  maxAgents: 1000,
  maxChildren: 64,
  maxOutputLength: 12_000,
  maxMessages: null,
};

const usage: Usage = { input: 10, cached: 0, output: 5, reasoning: null, costMicroUsd: 12 };

const attempts = [
  { startedAt: 1, firstTokenAt: null, endedAt: 2, outcome: "rate_limit", message: "slow down", usage },
  { startedAt: 3, firstTokenAt: 4.5, endedAt: 5, outcome: "complete", usage },
] as const;

const block: BlockRecord = {
  output: "hello \u{1F600} \ud800",
  shown: 5,
  cut: { kept: 5, total: 9 },
  variables: [{ name: "x", type: "Map", size: 2, preview: "Map(2)", changed: true }],
  reads: [{ key: "main", start: 0, end: 100 }],
  startedAt: 10,
  codeMs: 1.25,
};

const largeBlock: BlockRecord = { ...block, output: null };

function common(n: number, parentId: string | null) {
  return {
    id: `root#${n}`,
    agentId: "root",
    parentId,
    n,
    startedAt: 100 + n,
    endedAt: 101 + n,
    origin: "engine",
  } as const;
}

/** At least one node of every type, with every optional field somewhere present and somewhere absent. */
export function sampleNodes(): readonly RunNode[] {
  return [
    {
      type: "query",
      ...common(0, null),
      query: "What is in it?",
      ordinal: 0,
      depth: 0,
      systemPrompt: "You are …",
      config,
      contexts: [
        { key: "main", characters: 12, digest: HEX },
        { key: "part", characters: 6, digest: HEX, range: { start: 2, end: 8 }, metadata: { file: "a" } },
      ],
      input: "CONTEXT.get('main') holds 12 characters.",
      output: { type: "object", properties: { a: { type: "number" } } },
      globals: { list: [1, [2, { three: null }]], __proto__x: true },
      tools: ["search"],
      seed: "s",
      interpreter: "1",
      language: { name: "javascript", engine: "v8 13.6" },
    },
    {
      type: "query",
      ...common(1, "root#0"),
      query: "",
      ordinal: 1,
      depth: 0,
      systemPrompt: null,
      config: { ...config, maxTotalTokens: 5, maxMessages: 3 },
      contexts: [],
      output: null,
      globals: {},
      tools: [],
      seed: "",
      interpreter: "1",
      language: { name: "javascript", engine: "v8 13.6" },
      metadata: { tag: "x" },
      blobs: { systemPrompt: BLOB },
    },
    {
      type: "action",
      ...common(2, "root#1"),
      reply: "```repl\n1\n```",
      code: "1",
      notice: null,
      model: "m",
      usage,
      finishReason: "stop",
      request: HEX,
      requestDigest: "chain",
      attempts,
      final: false,
    },
    {
      type: "action",
      ...common(3, "root#2"),
      origin: "user",
      reply: "",
      code: null,
      notice: "two blocks",
      model: "m",
      usage,
      finishReason: "length",
      request: HEX,
      attempts: [],
      final: true,
      limit: { name: "maxTotalTokens", value: 5 },
      entry: "inbox-1",
      replaces: "root#2",
    },
    {
      type: "call",
      ...common(4, "root#3"),
      index: 0,
      name: "llmQuery",
      args: ["q", { model: "fast" }, [1.5, -2, null, true]],
      outcome: { ok: true, value: { deep: [{ er: "value" }] } },
      usage,
      attempts,
    },
    {
      type: "call",
      ...common(5, "root#3"),
      index: 1,
      name: "delegate",
      args: [],
      changedArgs: ["other"],
      outcome: { ok: false, error: { name: "E", message: "no", cause: { name: "F", message: "why" } } },
    },
    { type: "call", ...common(6, "root#3"), index: 2, name: "pay", args: [], outcome: null, intent: true },
    {
      type: "call",
      ...common(7, "root#3"),
      index: 3,
      name: "read",
      args: null,
      outcome: null,
      undelivered: true,
      blobs: { args: BLOB, outcome: BLOB },
    },
    { type: "observation", ...common(8, "root#3"), content: "said", block },
    {
      type: "observation",
      ...common(9, "root#8"),
      content: "limits changed",
      edit: { kind: "config", agentId: "root", config: { maxDepth: 2, maxMessages: null } },
    },
    { type: "observation", ...common(10, "root#9"), content: "", block: largeBlock, blobs: { output: BLOB } },
    {
      type: "supervising",
      ...common(11, "root#10"),
      waits: [{ index: 4, agents: ["root.a", "root.b"] }],
      block,
    },
    { type: "resume", ...common(12, "root#11"), resumedFrom: "root#11", content: "on", block },
    {
      type: "error",
      ...common(13, "root#12"),
      kind: "block_limit",
      message: "too slow",
      content: "",
      fatal: false,
      limit: { name: "blockMs", value: 30_000 },
      block,
      attempts,
      dropped: "root#2",
      details: { a: [1] },
    },
    { type: "error", ...common(14, "root#13"), kind: "cancelled", message: "", content: "", fatal: true },
    { type: "result", ...common(15, "root#14"), result: null, cancelled: [] },
    {
      type: "result",
      ...common(16, "root#15"),
      result: null,
      cancelled: ["root.a"],
      block: largeBlock,
      blobs: { result: BLOB, output: BLOB },
    },
  ];
}
