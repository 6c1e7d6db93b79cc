import type { AgentConfig } from "../../data/agent-config.ts";
import { agentState } from "../../data/graph/agent-state.ts";
import type { Graph } from "../../data/graph/graph.ts";
import { parentAgent } from "../../data/ids.ts";
import { Budget, type BudgetLimits } from "./budget.ts";

/** An agent's budget: that of its parent, or a part of it where the agent's limits are others. What is on record is booked. */
export function agentBudget(graph: Graph, agentId: string, above: Budget | null): Budget {
  const limits = limitsIn(graph, agentId);
  const inherited = above === null ? null : limitsIn(graph, parentAgent(agentId) ?? "");
  if (above !== null && inherited?.tokens === limits.tokens && inherited.microUsd === limits.microUsd)
    return above;
  const budget = new Budget(limits, above);
  budget.book(graph.usage(agentId));
  return budget;
}

function limitsIn(graph: Graph, agentId: string) {
  const config = agentState(graph, agentId)?.config;
  return config === undefined ? { tokens: null, microUsd: null } : limitsOf(config);
}

/** The limits of an agent's budget. */
export function limitsOf(config: AgentConfig): BudgetLimits {
  return {
    tokens: config.maxTotalTokens,
    microUsd: config.maxCostUsd === null ? null : Math.round(config.maxCostUsd * 1_000_000),
  };
}
