import { setImmediate } from "node:timers/promises";
import type { Run } from "@rlmflow/core";
import { oneLine } from "@rlmflow/render";
import type { ProgressView } from "../progress/progress-view.ts";
import { RunProgress } from "../progress/run-progress.ts";
import { requestText } from "./request-text.ts";
import type { RunReport } from "./run-report.ts";

/** A run that is being shown. */
export interface RunWatch {
  /** Settles when the run has ended and everything was shown; rejects when it failed or could not be shown. */
  readonly ended: Promise<void>;
  /** Resolves when every node that has landed by now was shown, which a paused run's `ended` does not tell. */
  caughtUp(): Promise<void>;
}

/** Where what happens in a run is shown. */
export interface Watching {
  readonly report: RunReport;
  readonly makeView: (progress: RunProgress) => ProgressView;
  /** Epoch milliseconds at which this process began to move the run: time before counts for nothing. */
  readonly startedAt: number;
  readonly now: () => number;
}

/** Feeds the report and the view, which is made when the first node says which run it is. */
export function watchRun(run: Run, { report, makeView, startedAt, now }: Watching): RunWatch {
  let shown = 0;
  let isOver = false;
  const watch = async () => {
    let progress: RunProgress | null = null;
    let view: ProgressView | null = null;
    for await (const event of run) {
      if (event.type === "node") {
        if (progress === null) {
          progress = new RunProgress(run.graph.run.runId, startedAt);
          view = makeView(progress);
          await report.begin(progress.runId);
        }
        progress.add(event.node);
        await report.node(event.node);
        shown += 1;
      } else if (event.type === "text") progress?.addText(event.agentId, event.text);
      else if (event.type === "retry") {
        progress?.addRetry(event, now());
        await report.retry(event);
      } else if (event.type === "repeated")
        view?.say(`${event.name} (${event.callId}) may have been in flight before: it is called again`);
      else if (event.type === "paused" || event.type === "unpaused")
        progress?.setPaused(event.type === "paused");
      else if (event.type === "warning") view?.say(`${event.agentId}: ${oneLine(event.message)}`);
      else if (event.type === "refused")
        view?.say(`refused to ${requestText(event.edit, run.graph.run.runId)}: ${oneLine(event.reason)}`);
      view?.update();
    }
  };
  const ended = watch().finally(() => {
    isOver = true;
  });
  ended.catch(() => {});
  return {
    ended,
    async caughtUp() {
      while (!isOver && shown < run.graph.length) await setImmediate();
    },
  };
}
