import { afterAll, expect, test } from "vitest";
import { isolatedRuntime } from "../../src/index.ts";
import { checkPrograms } from "./check-programs.ts";
import { oneGroup } from "./one-group.ts";

const PROGRAMS = Number(process.env.FUZZ_PROGRAMS ?? 10_000);
const FIRST_SEED = Number(process.env.FUZZ_SEED ?? 1_000);
const IN_A_FRESH_PROCESS = 50;
const PATIENCE_MS = 4 * 3_600_000;

const runtime = oneGroup(isolatedRuntime({ agentsPerProcess: 32 }));
afterAll(() => runtime.close());

test(
  `REPLs of ${PROGRAMS} random programs from seed ${FIRST_SEED} are rebuilt as they were, in fresh isolates or processes`,
  async () => {
    const rebuildOn = (seed: number) => {
      if (seed % IN_A_FRESH_PROCESS !== 0) return { runtime, close: async () => {} };
      const fresh = isolatedRuntime({ spareProcesses: 0 });
      return { runtime: fresh, close: () => fresh.close() };
    };
    const { probed } = await checkPrograms({ firstSeed: FIRST_SEED, count: PROGRAMS, runtime, rebuildOn });
    expect(probed).toBeGreaterThan(PROGRAMS);
  },
  PATIENCE_MS,
);
