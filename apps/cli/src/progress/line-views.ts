import { toldUsage } from "@rlmflow/render";
import { failureLine, retryLine, summaryLine } from "./plain-lines.ts";
import type { ProgressView } from "./progress-view.ts";
import type { Retrying, RunProgress } from "./run-progress.ts";

/** What a view of single lines needs. */
export interface LineViewOptions {
  readonly now: () => number;
  readonly write: (text: string) => void;
}

const SUMMARY_EVERY_MS = 10_000;
const MOST_FAILURES = 20;
/** Many agents may wait for the same provider: a retry of another agent is shown at most once a second. */
const RETRY_EVERY_MS = 1000;

function isWorthTelling(retry: Retrying, told: Retrying | null): boolean {
  return told === null || retry.agentId === told.agentId || retry.at - told.at >= RETRY_EVERY_MS;
}

/**
 * Progress as lines that are never rewritten: each failure, requests that are made again, and a summary every
 * ten seconds. The failure of the root is left to whoever tells how the run ended.
 */
export function plainView(progress: RunProgress, { now, write }: LineViewOptions): ProgressView {
  let told = progress.lastFailure;
  let failures = 0;
  let toldRetry: Retrying | null = null;
  let toldPause = false;
  const timer = setInterval(() => write(`${summaryLine(progress, now())}\n`), SUMMARY_EVERY_MS);
  timer.unref();
  write(`run ${progress.runId}\n`);
  return {
    update() {
      const retry = progress.lastRetry;
      if (progress.isPaused !== toldPause) {
        toldPause = progress.isPaused;
        write(toldPause ? "paused: nothing new starts until the run is unpaused\n" : "the run continues\n");
      }
      if (retry !== null && retry !== toldRetry && isWorthTelling(retry, toldRetry)) {
        toldRetry = retry;
        write(`${retryLine(retry)}\n`);
      }
      const failure = progress.lastFailure;
      if (failure === null || failure === told) return;
      told = failure;
      if (failure.agentId === "root") return;
      failures += 1;
      if (failures <= MOST_FAILURES) write(`${failureLine(failure.agentId, failure.message)}\n`);
      if (failures === MOST_FAILURES) write("further failures are only counted\n");
    },
    say: (line) => write(`${line}\n`),
    close() {
      clearInterval(timer);
      write(`${summaryLine(progress, now())}\n`);
    },
  };
}

/** Progress as JSON, one object a line, at most one a second and one at the end. */
export function jsonView(progress: RunProgress, { now, write }: LineViewOptions): ProgressView {
  let last = Number.NEGATIVE_INFINITY;
  const tell = () => {
    last = now();
    const elapsedMs = last - progress.startedAt;
    const { counts, usage, runId } = progress;
    write(
      `${JSON.stringify({ v: 1, type: "progress", runId, elapsedMs, ...counts, usage: toldUsage(usage) })}\n`,
    );
  };
  return {
    update() {
      if (now() - last >= 1000) tell();
    },
    say: (message) => write(`${JSON.stringify({ v: 1, type: "message", message })}\n`),
    close: tell,
  };
}
