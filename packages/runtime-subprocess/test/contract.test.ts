import { join } from "node:path";
import { runtimeContract } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { runNode } from "../../../test/run-node.ts";
import { subprocessRuntime } from "../src/index.ts";
import { kill, noting } from "./killable.ts";

describe("the runtime of child processes keeps the contract", () => {
  const make = () => subprocessRuntime({ timeMs: 2000, memoryMB: 64, times: { wallMs: 10_000 } });
  // Deaths are told apart by process, which takes a /proc.
  const killing = process.platform === "linux" ? { make: () => noting(make()), kill } : { make };
  const driver = { name: "subprocess", ...killing, patienceMs: 30_000, sessions: 200 };
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});

/** A runtime may hold nothing that keeps its process awake while it closes. */
const LOOP = `
import { runtimeContract } from "@rlmflow/testing";
import { subprocessRuntime } from "@rlmflow/runtime-subprocess";
const checks = runtimeContract({ name: "subprocess", make: () => subprocessRuntime() });
await checks.find(({ name }) => name.startsWith("close leaves no handle")).run();
console.log("verdict");`;

test("a check that runs alone in a process comes to a verdict", async () => {
  const hooks = join(import.meta.dirname, "../../../test/resolve-sources.ts");
  const args = ["--import", hooks, "--input-type=module", "--eval", LOOP];
  const ended = await runNode(args, { cwd: join(import.meta.dirname, "..") });
  expect(ended).toEqual({ exitCode: 0, stdout: "verdict\n", stderr: "" });
});
