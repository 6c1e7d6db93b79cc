import { runtimeContract } from "@rlmflow/core/testing";
import { describe, test } from "vitest";
import { subprocessRuntime } from "../src/index.ts";
import { kill, noting } from "./killable.ts";

describe("the runtime of child processes keeps the contract", () => {
  const make = () => subprocessRuntime({ timeMs: 2000, memoryMB: 64, times: { wallMs: 10_000 } });
  // Deaths are told apart by process, which takes a /proc.
  const killing = process.platform === "linux" ? { make: () => noting(make()), kill } : { make };
  const driver = { name: "subprocess", ...killing, patienceMs: 30_000, sessions: 200 };
  for (const { name, run } of runtimeContract(driver)) test(name, run, 120_000);
});
