import { runtimeContract } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { describeWithEngine, labelled } from "./engine.ts";
import { sharedDriver } from "./shared-driver.ts";

const LABEL = "rlmflow.test.contract.shared.whole";

describeWithEngine("the runtime of containers that agents share keeps the whole contract", () => {
  const driver = sharedDriver(LABEL);
  for (const { name, run } of runtimeContract(driver)) test(name, run);

  test("and leaves nothing behind", async () => {
    expect(await labelled(LABEL)).toEqual([]);
  });
});
