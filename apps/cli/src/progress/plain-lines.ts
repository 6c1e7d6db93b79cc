import { oneLine } from "../terminal/plain-text.ts";
import { formatCost, formatCount } from "../terminal/quantities.ts";
import type { RunProgress } from "./run-progress.ts";

/** How a run stands, as one line with a stable order of fields: for logs and for screen readers. */
export function summaryLine(progress: RunProgress, now: number): string {
  const { counts, usage } = progress;
  const seconds = Math.round((now - progress.startedAt) / 1000);
  const tokens = formatCount(usage.input + usage.output);
  const cost = formatCost(usage.costMicroUsd).slice(1);
  return `t=${seconds}s agents=${counts.agents} done=${counts.done} err=${counts.failed} tok=${tokens} cost=${cost}`;
}

/** The failure of an agent, as one line. */
export function failureLine(agentId: string, message: string): string {
  return `failed ${agentId}: ${oneLine(message)}`;
}
