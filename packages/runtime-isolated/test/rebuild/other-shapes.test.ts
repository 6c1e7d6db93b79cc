import { type Environment, memoryStores, type Runtime } from "@rlmflow/core";
import { checkRun, fixedEnvironment } from "@rlmflow/testing";
import { afterAll, expect, test } from "vitest";
import { randomNumbers } from "../../../repl/test/language/program-generator.ts";
import { type IsolatedRuntimeOptions, isolatedRuntime } from "../../src/index.ts";
import { endOf, graphOf, START, troubles } from "./check-rebuild.ts";
import { mortalRuntime } from "./mortal-runtime.ts";
import { randomFlow } from "./random-flow.ts";

const recorder = isolatedRuntime();
const opened: Runtime[] = [recorder];

afterAll(async () => {
  await Promise.all(opened.map((runtime) => runtime.close()));
});

/** The real clock, but sleeps that are over at once now and then: who opens a REPL then takes another's place. */
function impatient(random: () => number): Environment {
  const sleep: Environment["sleep"] = async (ms, signal) => {
    if (random() < 0.5 || signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  };
  return { ...fixedEnvironment(), now: () => Date.now(), sleep };
}

interface Shape {
  readonly name: string;
  readonly options: IsolatedRuntimeOptions;
  readonly maxConcurrency: number;
  readonly maxLiveRepls: number;
  readonly programs: number;
}

const SHAPES: readonly Shape[] = [
  {
    name: "a process for each agent, one REPL at a time",
    options: { agentsPerProcess: 1, maxProcesses: 2 },
    maxConcurrency: 1,
    maxLiveRepls: 1,
    programs: 3,
  },
  {
    name: "a process for many, two REPLs at a time",
    options: { agentsPerProcess: 64, maxProcesses: 2 },
    maxConcurrency: 64,
    maxLiveRepls: 2,
    programs: 3,
  },
  {
    name: "fewer places in processes than REPLs",
    options: { agentsPerProcess: 1, maxProcesses: 1 },
    maxConcurrency: 3,
    maxLiveRepls: 8,
    // Each REPL waits a quarter of a second for its place.
    programs: 1,
  },
];

test.each(SHAPES)(
  "a run that was recorded in isolates goes on to the same answer with $name, REPLs closed and lost at random",
  async ({ options, maxConcurrency, maxLiveRepls, programs }) => {
    const place = isolatedRuntime(options);
    opened.push(place);
    const random = randomNumbers(maxConcurrency);
    let deaths = 0;
    for (let seed = 1; seed <= programs; seed += 1) {
      const runtime = mortalRuntime(place, () => random() < 0.02);
      const program = { seed: seed + maxConcurrency * 100, calm: true, order: seed };
      const stores = memoryStores(fixedEnvironment().digest);
      const first = randomFlow({ ...program, stores, runtime: recorder, maxLiveRepls: 64 });
      const graph = await graphOf(first.flow.run("Do as you are told.", START));
      await first.flow.close();
      const nodes = [...graph.walk()];
      const prefix = graph.at(nodes[Math.floor(random() * nodes.length)]?.id ?? "");
      const environment = impatient(random);
      const { flow } = randomFlow({ ...program, stores, runtime, maxLiveRepls, maxConcurrency, environment });
      const again = await graphOf(flow.resume(prefix, { output: START.output }));
      await flow.close();
      deaths += runtime.deaths.count;
      const what = `seed ${program.seed}, cut at ${prefix.last()?.id}`;
      expect([...again.walk()].slice(0, prefix.length), what).toEqual([...prefix.walk()]);
      expect(troubles(again), what).toEqual([]);
      expect(endOf(again), what).toEqual(endOf(graph));
      await checkRun(again, {
        store: await stores.openRun(again.run.runId, again.branch),
        runtimes: { default: recorder },
      });
    }
    expect(deaths).toBeGreaterThan(0);
  },
  180_000,
);
