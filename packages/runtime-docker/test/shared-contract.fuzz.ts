import { runtimeContract } from "@rlmflow/core/testing";
import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, IMAGE, labelled } from "./engine.ts";

const LABEL = "rlmflow.test.contract.shared.whole";

describeWithEngine("the runtime of containers that agents share keeps the whole contract", () => {
  const options = { image: IMAGE, labels: { [LABEL]: "" }, share: "run" } as const;
  const driver = {
    name: "docker, shared",
    make: () => dockerRuntime({ ...options, memoryMB: 1024, timeMs: 3_000, times: { wallMs: 10_000 } }),
    patienceMs: 60_000,
    sessions: 24,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run, 120_000);

  test("and leaves nothing behind", async () => {
    expect(await labelled(LABEL)).toEqual([]);
  });
});
