import type { AgentConfig } from "../agent-config.ts";
import type { ConfigPatch, Edit } from "../edit.ts";
import {
  amount,
  type Check,
  count,
  exactly,
  json,
  name,
  nullable,
  type Optional,
  optional,
  record,
  text,
  variant,
} from "./check.ts";

const CONFIG_FIELDS = {
  model: name,
  runtime: name,
  maxDepth: count,
  maxIterations: count,
  maxTotalTokens: nullable(count),
  maxCostUsd: nullable(amount),
  maxDurationMs: nullable(amount),
  maxAgents: count,
  maxChildren: count,
  maxOutputLength: count,
  maxMessages: nullable(count),
} as const;

/** The limits and choices of an agent. */
export const agentConfig: Check<AgentConfig> = record<AgentConfig>(CONFIG_FIELDS);

const configPatch: Check<ConfigPatch> = record<ConfigPatch>({
  model: optional(CONFIG_FIELDS.model),
  runtime: optional(CONFIG_FIELDS.runtime),
  maxDepth: optional(CONFIG_FIELDS.maxDepth),
  maxIterations: optional(CONFIG_FIELDS.maxIterations),
  maxTotalTokens: optional(CONFIG_FIELDS.maxTotalTokens),
  maxCostUsd: optional(CONFIG_FIELDS.maxCostUsd),
  maxDurationMs: optional(CONFIG_FIELDS.maxDurationMs),
  maxAgents: optional(CONFIG_FIELDS.maxAgents),
  maxChildren: optional(CONFIG_FIELDS.maxChildren),
  maxOutputLength: optional(CONFIG_FIELDS.maxOutputLength),
  maxMessages: optional(CONFIG_FIELDS.maxMessages),
});

type EditOf<K extends Edit["kind"]> = Extract<Edit, { readonly kind: K }>;

const reason: Optional<string> = optional(text);

/** A change that a person made. */
export const edit: Check<Edit> = variant<Edit, "kind">("kind", {
  say: record<EditOf<"say">>({ kind: exactly("say"), agentId: name, text }),
  code: record<EditOf<"code">>({ kind: exactly("code"), agentId: name, code: text }),
  result: record<EditOf<"result">>({ kind: exactly("result"), agentId: name, result: json }),
  cancel: record<EditOf<"cancel">>({ kind: exactly("cancel"), agentId: name, reason }),
  final: record<EditOf<"final">>({ kind: exactly("final"), agentId: name }),
  config: record<EditOf<"config">>({ kind: exactly("config"), agentId: name, config: configPatch }),
});
