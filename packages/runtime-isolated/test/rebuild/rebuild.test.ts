import type { ErrorKind } from "@rlmflow/core";
import { localRuntime } from "@rlmflow/runtime-local";
import { afterAll, describe, expect, test } from "vitest";
import { isolatedRuntime } from "../../src/index.ts";
import { checkPrograms } from "./check-programs.ts";
import { oneGroup } from "./one-group.ts";

const PATIENCE_MS = 600_000;

const isolated = oneGroup(isolatedRuntime({ agentsPerProcess: 32 }));
const local = localRuntime();

afterAll(async () => {
  await isolated.close();
  await local.close();
});

const COMMON: readonly ErrorKind[] = ["exception", "cancelled", "request_failed", "limit_reached"];

describe.each([
  {
    where: "in isolates",
    runtime: isolated,
    firstSeed: 1,
    programs: 36,
    kinds: [...COMMON, "deadlock"] as const,
  },
  { where: "in this process", runtime: local, firstSeed: 10_001, programs: 14, kinds: COMMON },
])("a REPL that is rebuilt $where", ({ runtime, firstSeed, programs, kinds }) => {
  test(
    `holds the same and does the same next activation after each of ${programs} random programs, cut anywhere`,
    async () => {
      const { nodes, agents, suspensions, undelivered, probed, cutInBlock, errors } = await checkPrograms({
        firstSeed,
        count: programs,
        runtime,
      });
      // Programs that do little would prove little.
      expect(nodes).toBeGreaterThan(programs * 50);
      expect(agents).toBeGreaterThan(programs * 3);
      expect(suspensions).toBeGreaterThan(programs);
      expect(undelivered).toBeGreaterThan(programs / 10);
      expect(probed).toBeGreaterThan(programs * 2);
      expect(cutInBlock).toBeGreaterThan(programs / 3);
      expect(errors).toEqual(expect.arrayContaining([...kinds]));
    },
    PATIENCE_MS,
  );
});
