import { RLMFlow, type Runtime } from "@rlmflow/core";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { localRuntime } from "@rlmflow/runtime-local";
import { scriptedClient } from "@rlmflow/testing";
import { sandboxProcesses } from "../isolate/sandbox-processes.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { finding, spelled } from "../summarize.ts";

const BLOCKS = 4;
const SAMPLE_MS = 100;
const MEGABYTE = 2 ** 20;

/** What one burst of runs took. */
interface Burst {
  readonly seconds: number;
  /** Seconds of processor time of this process. */
  readonly engine: number;
  readonly processes: number;
  /** REPLs that were opened beyond one a run. */
  readonly rebuilt: number;
  /** The most megabytes that were resident in sandbox processes at a time, pages that they share counted in each. */
  readonly peak: number;
  /** By how many places a run opened its REPL later than its turn. */
  readonly late: number;
}

interface Size {
  readonly runs: number;
  readonly replyMs: number;
}

/** Starts all runs at once on one flow with default options. */
async function burst(runtime: Runtime, { runs, replyMs }: Size): Promise<Burst> {
  const opened: string[] = [];
  const pids = new Set<number>();
  let peak = 0;
  const look = () => {
    const processes = sandboxProcesses();
    for (const { pid } of processes) pids.add(pid);
    peak = Math.max(peak, processes.reduce((sum, { rss }) => sum + (rss || 0), 0) / MEGABYTE);
  };
  const open: Runtime["open"] = (spec) => {
    opened.push(spec.group);
    return runtime.open(spec);
  };
  // A runtime may be an instance of a class, whose methods no spread would take along.
  const counting: Runtime = Object.assign(Object.create(runtime), { open, close: () => runtime.close() });
  const client = scriptedClient(async ({ turn }) => {
    await new Promise((resolve) => setTimeout(resolve, replyMs));
    const code = turn === 0 ? "let sum = 1;" : turn < BLOCKS - 1 ? "sum += 1;" : "await done(sum);";
    return `\`\`\`repl\n${code}\n\`\`\``;
  });
  const timer = setInterval(look, SAMPLE_MS);
  const usage = process.cpuUsage();
  const startedAt = performance.now();
  try {
    await using flow = new RLMFlow({ client, runtime: counting });
    const runIds = Array.from({ length: runs }, (_, index) => `run-${index}`);
    await Promise.all(runIds.map((runId) => flow.run("Count.", { runId })));
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(usage);
    look();
    const places = new Map([...new Set(opened)].map((group, place) => [group.split("/")[0], place]));
    const late = runIds.map((runId, place) => (places.get(runId) ?? Number.POSITIVE_INFINITY) - place);
    const engine = (user + system) / 1e6;
    return {
      seconds,
      engine,
      processes: pids.size,
      rebuilt: opened.length - runs,
      peak,
      late: Math.max(...late),
    };
  } finally {
    clearInterval(timer);
  }
}

interface Contest extends Size {
  readonly shareProcesses: boolean;
  readonly bar: number | null;
}

async function contest({ shareProcesses, bar, ...size }: Contest, samples: number): Promise<Finding> {
  const local: Burst[] = [];
  const isolated: Burst[] = [];
  for (let sample = 0; sample < samples; sample++) {
    local.push(await burst(localRuntime(), size));
    isolated.push(await burst(isolatedRuntime({ shareProcesses }), size));
  }
  const summary = (bursts: readonly Burst[], of: (burst: Burst) => number, unit: string) =>
    spelled(bursts.map(of), unit);
  const detail = [
    `isolated ${summary(isolated, ({ seconds }) => seconds, "s")}, local ${summary(local, ({ seconds }) => seconds, "s")}`,
    `processes started ${summary(isolated, ({ processes }) => processes, "")}`,
    `REPLs rebuilt ${summary(isolated, ({ rebuilt }) => rebuilt, "")}`,
    `peak of the sandbox processes together ${summary(isolated, ({ peak }) => peak, "MiB")}`,
    `a run opened its REPL at most ${summary(isolated, ({ late }) => late, "places")} after its turn`,
    `processor time of the engine ${summary(isolated, ({ engine }) => engine, "s")}, local ${summary(local, ({ engine }) => engine, "s")}`,
  ].join("; ");
  const how = shareProcesses ? "shareProcesses" : "default options";
  const what = `${size.runs} runs of ${BLOCKS} blocks at once on one flow, replies of ${size.replyMs} ms, ${how}: isolated over local`;
  const limitedBy = "the start of processes, some 100 ms of processor time each";
  return finding(
    isolated.map(({ seconds }, sample) => seconds / (local[sample]?.seconds ?? Number.NaN)),
    { what, unit: "x", bar, detail, limitedBy },
  );
}

async function measure({ runs, quick }: Effort): Promise<readonly Finding[]> {
  const few = quick ? 12 : 50;
  const many = quick ? 50 : 500;
  // Five hundred runs of one-second replies take two minutes, whatever the runtime: one sample must do.
  const contests: readonly (readonly [Contest, number])[] = [
    [{ runs: few, replyMs: 1000, shareProcesses: false, bar: 1.75 }, Math.min(runs, 3)],
    [{ runs: few, replyMs: 50, shareProcesses: false, bar: null }, Math.min(runs, 3)],
    [{ runs: many, replyMs: 1000, shareProcesses: false, bar: null }, 1],
    [{ runs: many, replyMs: 50, shareProcesses: false, bar: null }, Math.min(runs, 3)],
    [{ runs: many, replyMs: 1000, shareProcesses: true, bar: 2 }, 1],
    [{ runs: many, replyMs: 50, shareProcesses: true, bar: null }, Math.min(runs, 3)],
  ];
  const findings: Finding[] = [];
  for (const [each, samples] of contests) findings.push(await contest(each, samples));
  return findings;
}

/** What many runs at once cost in isolates, over what they cost in this process. */
export const concurrentRuns: Row = { id: 12, title: "concurrent runs on one flow", measure };
