import { runtimeContract } from "@rlmflow/core/testing";
import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, IMAGE, labelled } from "./engine.ts";

const LABEL = "rlmflow.test.contract";

describeWithEngine("the runtime of a container per agent keeps the contract", () => {
  const options = { image: IMAGE, labels: { [LABEL]: "" }, warm: 1 };
  const driver = {
    name: "docker",
    make: () => dockerRuntime({ ...options, memoryMB: 256, timeMs: 1_000, times: { wallMs: 10_000 } }),
    patienceMs: 20_000,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run, 120_000);

  test("and leaves nothing behind", async () => {
    expect(await labelled(LABEL)).toEqual([]);
  });
});
