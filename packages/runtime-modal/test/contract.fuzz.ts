import { runtimeContract } from "@rlmflow/testing";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { modalDriver } from "./contract-driver.ts";
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
  const driver = modalDriver("modal, a sandbox for every run", { share: "run" });
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});
