import { runtimeContract } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { describeWithEngine, labelled } from "./engine.ts";
import { pythonDriver } from "./python-driver.ts";

const LABEL = "rlmflow.test.contract.python.whole";

describeWithEngine("Python in containers that agents share keeps the whole contract", () => {
  const driver = pythonDriver(LABEL);
  for (const { name, run } of runtimeContract(driver)) test(name, run);

  test("and leaves nothing behind", async () => {
    expect(await labelled(LABEL)).toEqual([]);
  });
});
