import { costText, formatCount, formatDuration, oneLine } from "@rlmflow/render";
import type { Retrying, RunProgress } from "./run-progress.ts";

/** How a run stands, as one line with a stable order of fields: for logs and for screen readers. */
export function summaryLine(progress: RunProgress, now: number): string {
  const { counts, usage } = progress;
  const seconds = Math.round((now - progress.startedAt) / 1000);
  const tokens = formatCount(usage.input + usage.output);
  const cost = usage.requests === 0 ? "?" : costText(usage).replace("$", "");
  const retries = counts.retries === 0 ? "" : ` retries=${counts.retries}`;
  return `t=${seconds}s agents=${counts.agents} done=${counts.done} err=${counts.failed} tok=${tokens} cost=${cost}${retries}`;
}

/** A request that failed and is made again, as one line: whose, how often it was made, when it is made next and why. */
export function retryLine({ agentId, model, attempt, waitMs, message }: Retrying): string {
  return `retry ${agentId}: request ${attempt} to ${oneLine(model)} failed, the next in ${formatDuration(waitMs)}: ${oneLine(message)}`;
}

/** The failure of an agent, as one line. */
export function failureLine(agentId: string, message: string): string {
  return `failed ${agentId}: ${oneLine(message)}`;
}
