import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { bareSpec } from "../isolate/bare-spec.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { finding, quantile, spelled } from "../summarize.ts";

const OPENINGS = 100;

interface Sample {
  readonly p50: number;
  readonly p95: number;
  readonly withBlock: number;
}

/** Opens REPLs one after another in a process that is up, each with a first block. */
async function sampleOpenings(): Promise<Sample> {
  const runtime = isolatedRuntime({ agentsPerProcess: 256, maxProcesses: 1, spareProcesses: 0 });
  try {
    const first = await runtime.open(bareSpec("root.first"));
    const ready: number[] = [];
    const answered: number[] = [];
    for (let opening = 0; opening < OPENINGS; opening++) {
      const startedAt = performance.now();
      const session = await runtime.open(bareSpec(`root.c_${opening}`));
      ready.push(performance.now() - startedAt);
      await session.start({ id: `root.c_${opening}#1`, code: "1 + 1", now: 0 });
      answered.push(performance.now() - startedAt);
      await session.dispose();
    }
    await first.dispose();
    return { p50: quantile(ready, 0.5), p95: quantile(ready, 0.95), withBlock: quantile(answered, 0.95) };
  } finally {
    await runtime.close();
  }
}

async function measure({ runs }: Effort): Promise<readonly Finding[]> {
  const samples: Sample[] = [];
  for (let run = 0; run < runs; run++) samples.push(await sampleOpenings());
  const detail = `of ${OPENINGS} openings a run, one after another; half of them within ${spelled(
    samples.map(({ p50 }) => p50),
    "ms",
  )}, the first block's answer, 95th percentile, ${spelled(
    samples.map(({ withBlock }) => withBlock),
    "ms",
  )}`;
  return [
    finding(
      samples.map(({ p95 }) => p95),
      {
        what: "isolate ready for its first block, its process being up, 95th percentile",
        unit: "ms",
        bar: 10,
        detail,
        limitedBy: "making an isolate and running the evaluator in it",
      },
    ),
  ];
}

/** How soon an agent can run code. */
export const isolateReady: Row = { id: 6, title: "isolate ready for its first block", measure };
