import { runtimeContract } from "@rlmflow/core/testing";
import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, IMAGE, labelled } from "./engine.ts";

const TIMES = { timeMs: 2_000, times: { wallMs: 10_000 }, memoryMB: 256 };
const LABEL = "rlmflow.test.contract";

describeWithEngine("the runtime of containers that agents share keeps the contract", () => {
  const labels = { [LABEL]: "shared" };
  const driver = {
    name: "docker, shared",
    make: () => dockerRuntime({ image: IMAGE, share: "run", labels, ...TIMES, memoryMB: 1024 }),
    patienceMs: 20_000,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run, 120_000);

  test("and leaves nothing behind", async () => {
    expect(await labelled(`${LABEL}=shared`)).toEqual([]);
  });
});

describeWithEngine("the runtime of a container per agent keeps the contract", () => {
  const labels = { [LABEL]: "own" };
  const driver = {
    name: "docker",
    make: () => dockerRuntime({ image: IMAGE, labels, ...TIMES, warm: 1 }),
    patienceMs: 20_000,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run, 120_000);

  test("and leaves nothing behind", async () => {
    expect(await labelled(`${LABEL}=own`)).toEqual([]);
  });
});
