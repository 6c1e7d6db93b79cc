import { javascriptSamples, runtimeContract } from "@rlmflow/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { modalDriver, sandboxesWith } from "./contract-driver.ts";
import { type LoopbackProcess, startLoopbackProcess } from "./loopback-process.ts";
import { makeRuntime, specOf, start } from "./loopback-rig.ts";

const PATIENCE = { timeout: 300_000 };

let loopback: LoopbackProcess;

beforeAll(async () => {
  loopback = await startLoopbackProcess();
  for (const [name, value] of Object.entries(loopback.environment)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await loopback.stop();
});

describe("a runtime with a Modal sandbox for every REPL keeps the contract", () => {
  for (const { name, run } of runtimeContract(modalDriver("modal"))) test(name, PATIENCE, run);
});

describe("a runtime with a Modal sandbox for every run keeps the contract", () => {
  const driver = modalDriver("modal, a sandbox for every run", { share: "run" });
  // What a block is in JavaScript does not depend on who else is in the sandbox: `pnpm fuzz` checks it too.
  const language = { code: javascriptSamples.code };
  for (const { name, run } of runtimeContract({ ...driver, language })) test(name, PATIENCE, run);
  const together = "REPLs of other runs go on beside one that is lost";
  for (const { name, run } of runtimeContract(driver)) if (name === together) test(name, PATIENCE, run);
});

test("after all of it no sandbox is left, and their tags would have found it", PATIENCE, async () => {
  const tags = { rlmflow: "repl" };
  expect(await sandboxesWith(tags)).toEqual([]);
  const runtime = makeRuntime();
  const session = await runtime.open(specOf());
  expect((await start(session, "print('here')")).output).toBe("here\n");
  expect(await sandboxesWith(tags)).toHaveLength(1);
  await runtime.close();
  expect(await sandboxesWith(tags)).toEqual([]);
});
