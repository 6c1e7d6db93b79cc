import { javascriptSamples, runtimeContract } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { describeWithEngine, labelled } from "./engine.ts";
import { sharedDriver } from "./shared-driver.ts";

const LABEL = "rlmflow.test.contract.shared";

describeWithEngine("the runtime of containers that agents share keeps the contract", () => {
  const driver = sharedDriver(LABEL);
  // What a block is in JavaScript does not depend on who else is in the container: `pnpm fuzz` checks it too.
  const language = { code: javascriptSamples.code };
  for (const { name, run } of runtimeContract({ ...driver, language })) test(name, run);
  const together = "REPLs of other runs go on beside one that is lost";
  for (const { name, run } of runtimeContract(driver)) if (name === together) test(name, run);

  test("and leaves nothing behind", async () => {
    expect(await labelled(LABEL)).toEqual([]);
  });
});
