import type { ContextPayload, ReplSpec } from "@rlmflow/core/driver";

/** The spec of a REPL outside any flow: an agent of the group `benchmark`, without functions of its own. */
export function bareSpec(agentId: string, contexts: readonly ContextPayload[] = []): ReplSpec {
  return {
    agentId,
    group: "benchmark",
    depth: 0,
    maxDepth: 0,
    seed: agentId,
    contexts,
    globals: {},
    functions: [],
    alone: false,
  };
}
