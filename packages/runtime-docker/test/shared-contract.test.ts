import { javascriptSamples, runtimeContract } from "@rlmflow/core/testing";
import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, IMAGE, labelled } from "./engine.ts";

const LABEL = "rlmflow.test.contract.shared";

describeWithEngine("the runtime of containers that agents share keeps the contract", () => {
  const options = { image: IMAGE, labels: { [LABEL]: "" }, share: "run" } as const;
  const driver = {
    name: "docker, shared",
    make: () => dockerRuntime({ ...options, memoryMB: 1024, timeMs: 3_000, times: { wallMs: 10_000 } }),
    patienceMs: 60_000,
    sessions: 24,
  };
  // What a block is in JavaScript does not depend on who else is in the container: `pnpm fuzz` checks it too.
  const language = { code: javascriptSamples.code };
  for (const { name, run } of runtimeContract({ ...driver, language })) test(name, run, 120_000);
  const together = "REPLs of other runs go on beside one that is lost";
  for (const { name, run } of runtimeContract(driver)) if (name === together) test(name, run, 120_000);

  test("and leaves nothing behind", async () => {
    expect(await labelled(LABEL)).toEqual([]);
  });
});
