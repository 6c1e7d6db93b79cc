import { collectGarbage } from "../collect-garbage.ts";
import type { Effort, Finding } from "../row.ts";
import { finding, spelled } from "../summarize.ts";

/** The same work done here and in LangGraph.js. */
export interface Contest {
  readonly what: string;
  /** What one unit of the work is. */
  readonly unit: string;
  readonly note: string;
  /** The most that ours may take over theirs; without one the ratio is only reported. */
  readonly bar?: number;
  /** Does the work once and gives microseconds per unit, preparations not counted. */
  ours(): Promise<number>;
  theirs(): Promise<number>;
}

/** Ours over theirs, runs taking turns after one that is not counted. */
export async function compete(contest: Contest, { runs }: Effort): Promise<Finding> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = -1; run < runs; run++) {
    await collectGarbage();
    const us = await contest.ours();
    await collectGarbage();
    const them = await contest.theirs();
    if (run < 0) continue;
    ours.push(us);
    theirs.push(them);
  }
  const { what, unit, note, bar = null } = contest;
  const detail = `rlmflow ${spelled(ours, "µs")} a ${unit}, LangGraph.js ${spelled(theirs, "µs")}; ${note}`;
  const ratios = ours.map((us, run) => us / (theirs[run] ?? Number.NaN));
  return finding(ratios, { what, unit: "x", bar, detail });
}

/** Microseconds that the work takes, divided by `units`. */
export async function microseconds(units: number, work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return ((performance.now() - startedAt) * 1000) / units;
}
