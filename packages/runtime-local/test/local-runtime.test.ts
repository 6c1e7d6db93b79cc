import { afterAll, expect, test } from "vitest";
import { localRuntime } from "../src/index.ts";
import { ReplDriver } from "./repl-driver.ts";

const runtime = localRuntime({ timeMs: 2_000 });
afterAll(() => runtime.close());

test("a variable of one block is there in the next", async () => {
  const repl = await ReplDriver.open(runtime);
  await repl.start("const a = 1; let b = { c: [2] }; function f() { return a + 1 }");
  expect(await repl.print("a += 1; [a, b.c[0], f()]")).toBe("[2, 2, 3]");
});
