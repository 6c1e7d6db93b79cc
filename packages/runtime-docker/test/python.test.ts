import { pythonLanguage } from "@rlmflow/repl-python";
import { expect, test } from "vitest";
import { dockerRuntime } from "../src/index.ts";
import { describeWithEngine, IMAGE } from "./engine.ts";
import { closing, ReplDriver } from "./repl-driver.ts";

describeWithEngine("Python in a container", () => {
  test.each(["agent", "run"] as const)(
    "runs, and is told from what breaks a limit (share: %s)",
    { timeout: 300_000 },
    async (share) => {
      const options = { image: IMAGE, language: pythonLanguage, memoryMB: 128 };
      await using runtime = closing(dockerRuntime({ ...options, share }));
      expect(runtime.language.name).toBe("python");
      const repl = await ReplDriver.open(runtime);
      expect(await repl.output("x = 6\nprint(x * 7)")).toBe("42\n");
      expect(await repl.output("import os\nprint(os.getuid(), x)")).toBe("65534 6\n");
      const alone = await ReplDriver.open(runtime, { alone: true });
      expect(await alone.loss("kept = []\nwhile True: kept.append(bytearray(1_000_000))")).toMatchObject({
        blame: "block",
        limit: { name: "memoryMB", value: 128, unit: "MB" },
      });
    },
  );
});
