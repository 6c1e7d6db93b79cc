import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, docker, IMAGE, labelled } from "./engine.ts";
import { closing, ReplDriver } from "./repl-driver.ts";

const LABEL = "rlmflow.test.warm";

/** Names of the containers that run. */
async function running(share: string): Promise<readonly string[]> {
  const found = await docker.listContainers({ filters: { label: [`${LABEL}=${share}`] } });
  return found.flatMap(({ Names }) => Names.map((name) => name.slice(1)));
}

describeWithEngine("warm containers", () => {
  test.each(["agent", "run"] as const)(
    "are kept started from the first agent on, used, and made up for (share: %s)",
    { timeout: 300_000 },
    async (share) => {
      const labels = { [LABEL]: share };
      const runtime = closing(dockerRuntime({ image: IMAGE, share, warm: 2, labels }));
      expect(await running(share)).toEqual([]);
      await ReplDriver.open(runtime, { group: "run-1" });
      await expect.poll(() => running(share)).toHaveLength(3);
      const repl = await ReplDriver.open(runtime, { group: "run-2" });
      expect(await repl.output("print(1);")).toBe("1\n");
      await expect.poll(() => running(share)).toHaveLength(4);

      // All die, the warm ones too: whoever comes next does not notice.
      for (const name of await running(share)) await docker.getContainer(name).kill();
      const next = await ReplDriver.open(runtime, { group: "run-3" });
      expect(await next.output("print(2);")).toBe("2\n");
      await runtime.close();
      expect(await labelled(`${LABEL}=${share}`)).toEqual([]);
    },
  );
});
