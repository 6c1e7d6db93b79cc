import { runtimeContract } from "@rlmflow/testing";
import { describe, test } from "vitest";
import { localRuntime } from "../src/index.ts";

describe("the runtime in this process keeps the contract", () => {
  const driver = { name: "local", make: () => localRuntime() };
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});
