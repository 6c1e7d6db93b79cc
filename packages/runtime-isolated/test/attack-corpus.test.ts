import { attackCorpus } from "@rlmflow/core/testing";
import { afterAll, describe, test } from "vitest";
import { isolatedRuntime } from "../src/index.ts";

const runtime = isolatedRuntime({ limits: { timeMs: 1000, wallMs: 3000, memoryMB: 64, rssMB: 350 } });

describe("the attack corpus", () => {
  afterAll(() => runtime.close());
  // Five times the bound, for machines that do other things as well.
  for (const { name, run } of attackCorpus(async () => runtime, { maxLagMs: 2500 })) test(name, run, 60_000);
});
