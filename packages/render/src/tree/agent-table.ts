import type { Graph, UsageTotal } from "@rlmflow/core";
import { mergeUsage, ZERO_USAGE } from "@rlmflow/core/store";

/** How an agent stands. */
export type AgentStatus = "running" | "done" | "failed";

/** One agent of a run, summed up. */
export interface AgentSummary {
  readonly agentId: string;
  /** The last part of the id. */
  readonly name: string;
  /** The name without the number that tells siblings of one kind apart. */
  readonly role: string;
  readonly query: string;
  readonly model: string;
  readonly status: AgentStatus;
  readonly durationMs: number;
  /** What the agent itself consumed. */
  readonly own: UsageTotal;
  /** What the agent and everything below it consumed. */
  readonly total: UsageTotal;
  readonly children: readonly string[];
}

/** Every agent of the graph by id, in time linear in its nodes. */
export function agentTable(graph: Graph): ReadonlyMap<string, AgentSummary> {
  const table = new Map<string, AgentSummary>();
  for (const agentId of graph.agents().toReversed()) {
    const children = graph.children(agentId);
    const own = graph.ownUsage(agentId);
    const total = children.reduce(
      (sum, child) => mergeUsage(sum, table.get(child)?.total ?? ZERO_USAGE),
      own,
    );
    table.set(agentId, { ...summarize(graph, agentId), own, total, children });
  }
  return table;
}

function summarize(graph: Graph, agentId: string) {
  const first = graph.chainAt(agentId, 0);
  const head = graph.head(agentId);
  const name = agentId.slice(agentId.lastIndexOf(".") + 1);
  return {
    agentId,
    name,
    role: name.replace(/[_-]?\d+$/, "") || name,
    query: first?.type === "query" ? first.query : "",
    model: first?.type === "query" ? first.config.model : "",
    status: statusOf(head),
    durationMs: (head?.endedAt ?? 0) - (first?.startedAt ?? 0),
  };
}

function statusOf(head: ReturnType<Graph["head"]>): AgentStatus {
  if (head?.type === "result") return "done";
  return head?.type === "error" && head.fatal ? "failed" : "running";
}
