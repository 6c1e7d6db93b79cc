import type { Runtime } from "@rlmflow/core";
import { pythonLanguage } from "@rlmflow/repl-python";
import { dockerRuntime } from "@rlmflow/runtime-docker";
import { isolatedRuntime } from "@rlmflow/runtime-isolated";
import { localRuntime } from "@rlmflow/runtime-local";
import { modalRuntime } from "@rlmflow/runtime-modal";
import { subprocessRuntime } from "@rlmflow/runtime-subprocess";
import { startLoopbackProcess } from "../../../packages/runtime-modal/test/loopback-process.ts";
import { bareSpec } from "../isolate/bare-spec.ts";
import type { Effort, Finding, Row } from "../row.ts";
import { finding, spelled } from "../summarize.ts";

interface Place {
  readonly name: string;
  /** What the further REPLs find ready. */
  readonly shared: string;
  make(): Runtime;
}

const python = { language: pythonLanguage };
const OWN = "a process of its own";
const ISOLATE = "an isolate in the process of the first";
const JOINED = "a process in the container of the first";
const MODAL = "a process in the sandbox of the first, at a stand-in of Modal's server on this machine";

const PLACES: readonly Place[] = [
  { name: "local", shared: "a realm in this process", make: () => localRuntime() },
  { name: "isolated", shared: ISOLATE, make: () => isolatedRuntime({ spareProcesses: 0 }) },
  { name: "subprocess", shared: OWN, make: () => subprocessRuntime() },
  { name: "subprocess, Python", shared: OWN, make: () => subprocessRuntime(python) },
  { name: "docker, a container each", shared: "a container of its own", make: () => dockerRuntime() },
  {
    name: "docker, a container each, one warm",
    shared: "a container that was started ahead",
    make: () => dockerRuntime({ warm: 1 }),
  },
  { name: "docker, a container a run", shared: JOINED, make: () => dockerRuntime({ share: "run" }) },
  {
    name: "docker, a container a run, Python",
    shared: JOINED,
    make: () => dockerRuntime({ share: "run", ...python }),
  },
  { name: "modal, a sandbox a run", shared: MODAL, make: () => modalRuntime({ share: "run" }) },
];

const BLOCKS = 20;

/** Milliseconds. */
interface Sample {
  readonly first: number;
  readonly further: number;
  readonly block: number;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function sample(place: Place): Promise<Sample> {
  const runtime = place.make();
  try {
    const first = await timed(() => runtime.open(bareSpec("root.first")));
    // Time for what is started ahead to be there.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const opened = performance.now();
    const session = await runtime.open(bareSpec("root.further"));
    const further = performance.now() - opened;
    const blocks = await timed(async () => {
      for (let block = 0; block < BLOCKS; block++)
        await session.start({ id: `root.further#${block}`, code: "n = 1 + 1", now: block });
    });
    return { first, further, block: blocks / BLOCKS };
  } finally {
    await runtime.close();
  }
}

async function measurePlace(place: Place, runs: number): Promise<Finding> {
  const what = `opening a further REPL: ${place.name}`;
  const samples: Sample[] = [];
  try {
    for (let run = 0; run < runs; run++) samples.push(await sample(place));
  } catch (error) {
    const detail = `not measured: ${error instanceof Error ? error.message : error}`;
    return finding([Number.NaN], { what, unit: "ms", bar: null, detail });
  }
  const times = (of: keyof Sample) =>
    spelled(
      samples.map((each) => each[of]),
      "ms",
    );
  const detail = `the first REPL ${times("first")}, from nothing; a further one gets ${place.shared}; a block, start to turn, ${times("block")}`;
  return finding(
    samples.map(({ further }) => further),
    { what, unit: "ms", bar: null, detail },
  );
}

async function measure({ runs }: Effort): Promise<readonly Finding[]> {
  const loopback = await startLoopbackProcess();
  Object.assign(process.env, loopback.environment);
  try {
    const findings: Finding[] = [];
    for (const place of PLACES) findings.push(await measurePlace(place, runs));
    return findings;
  } finally {
    await loopback.stop();
  }
}

/** What a start and a block cost in every runtime. */
export const runtimeStarts: Row = { id: 11, title: "start and blocks of every runtime", measure };
