import { pythonSamples, runtimeContract } from "@rlmflow/testing";
import { describe, test } from "vitest";
import { pythonRuntime } from "./python-runtime.ts";

describe("REPLs of Python in child processes keep the contract", () => {
  const make = () => pythonRuntime(["--time-ms", "3000", "--memory-mb", "512"]);
  const driver = { name: "python", make, language: pythonSamples, patienceMs: 60_000 };
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});
