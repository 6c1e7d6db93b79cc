import { runtimeContract } from "@rlmflow/testing";
import { describe, test } from "vitest";
import { isolatedRuntime } from "../src/index.ts";

const LIMITS = { timeMs: 1000, wallMs: 5000, memoryMB: 64, rssMB: 400 };

describe("the runtime of isolates keeps the contract", () => {
  const driver = {
    name: "isolated",
    make: () => isolatedRuntime({ spareProcesses: 0, limits: LIMITS }),
    patienceMs: 20_000,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});
