import { pythonSamples, runtimeContract } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { describeWithEngine, labelled } from "./engine.ts";
import { pythonDriver } from "./python-driver.ts";

const LABEL = "rlmflow.test.contract.python";

/** Takes as long as all others together, and does not depend on what is spoken inside. */
const OF_ANY_LANGUAGE = "twenty REPLs that were disposed are forgotten";
/** What a container could break of what the REPL keeps in a plain process; `pnpm fuzz` checks all the rest here too. */
const OF_CONTAINERS = [
  "a loop without end is lost and blamed",
  "code that fills the memory is lost and blamed, or throws",
  "REPLs of other runs go on beside one that is lost",
  "what code writes is never taken for a message of the sandbox",
  "values of 8 MiB cross, both ways",
  "REPLs that are busy at the same time get each their own answers",
  "time zone and locale are not those of the host",
];

describeWithEngine("Python in containers that agents share keeps the contract", () => {
  const driver = pythonDriver(LABEL);
  const ofEveryLanguage = runtimeContract({ ...driver, language: { code: pythonSamples.code } });
  for (const { name, run } of ofEveryLanguage) if (name !== OF_ANY_LANGUAGE) test(name, run);
  const ofContainers = runtimeContract(driver).filter(({ name }) => OF_CONTAINERS.includes(name));
  for (const { name, run } of ofContainers) test(name, run);

  test("and leaves nothing behind", async () => {
    expect(ofContainers.length).toBe(OF_CONTAINERS.length);
    expect(await labelled(LABEL)).toEqual([]);
  });
});
