import { javascriptSamples, runtimeContract } from "@rlmflow/core/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { modalRuntime } from "../src/index.ts";
import { type LoopbackProcess, startLoopbackProcess } from "./loopback-process.ts";
import { specOf, start } from "./loopback-rig.ts";

let loopback: LoopbackProcess;

beforeAll(async () => {
  loopback = await startLoopbackProcess();
  for (const [name, value] of Object.entries(loopback.environment)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await loopback.stop();
});

/** Tight, as the contract goes up to them. */
const options = { timeMs: 2_000, memoryLimitMiB: 512 };
const patienceMs = 30_000;
const PATIENCE = { timeout: 120_000 };

describe("a runtime with a Modal sandbox for every REPL keeps the contract", () => {
  const driver = { name: "modal", make: () => modalRuntime(options), patienceMs };
  for (const { name, run } of runtimeContract(driver)) test(name, PATIENCE, run);
});

describe("a runtime with a Modal sandbox for every run keeps the contract", () => {
  const name = "modal, a sandbox for every run";
  const driver = { name, make: () => modalRuntime({ ...options, share: "run" }), patienceMs };
  // What a block is in JavaScript does not depend on who else is in the sandbox: `pnpm fuzz` checks it too.
  const { code } = javascriptSamples;
  for (const { name, run } of runtimeContract({ ...driver, language: { code } })) test(name, PATIENCE, run);
  const together = "REPLs of other runs go on beside one that is lost";
  const [check] = runtimeContract(driver).filter(({ name }) => name === together);
  test(together, PATIENCE, async () => await (check?.run() ?? Promise.reject(new Error("no such check"))));
});

test("after all of it no sandbox is left, and their tags would have found it", PATIENCE, async () => {
  expect(await foundByTags()).toEqual([]);
  const runtime = modalRuntime(options);
  const { code } = javascriptSamples;
  const session = await runtime.open(specOf());
  expect((await start(session, code.write("here"))).output).toBe("here\n");
  expect(await foundByTags()).toHaveLength(1);
  await runtime.close();
  expect(await foundByTags()).toEqual([]);
});

/** As one would look for sandboxes that a killed process has left behind. */
async function foundByTags(): Promise<readonly string[]> {
  const { ModalClient } = await import("modal");
  const client = new ModalClient();
  const { appId } = await client.apps.fromName("rlmflow");
  const found: string[] = [];
  for await (const { sandboxId } of client.sandboxes.list({ appId, tags: { rlmflow: "repl" } })) {
    found.push(sandboxId);
  }
  return found;
}
