import { runtimeContract } from "@rlmflow/core/testing";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { modalRuntime } from "../src/index.ts";
import { type LoopbackProcess, startLoopbackProcess } from "./loopback-process.ts";

let loopback: LoopbackProcess;

beforeAll(async () => {
  loopback = await startLoopbackProcess();
  for (const [name, value] of Object.entries(loopback.environment)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await loopback.stop();
});

describe("a runtime with a Modal sandbox for every run keeps the whole contract", () => {
  const driver = {
    name: "modal, a sandbox for every run",
    make: () => modalRuntime({ timeMs: 2_000, memoryLimitMiB: 512, share: "run" }),
    patienceMs: 30_000,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, { timeout: 120_000 }, run);
});
