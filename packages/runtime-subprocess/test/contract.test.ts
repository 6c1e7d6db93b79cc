import { runtimeContract } from "@rlmflow/core/testing";
import { javascriptLanguage } from "@rlmflow/repl";
import { describe, test } from "vitest";
import { subprocessRuntime } from "../src/index.ts";

describe("the runtime of child processes keeps the contract", () => {
  const driver = {
    name: "subprocess",
    make: () => subprocessRuntime({ timeMs: 1000, memoryMB: 64, times: { wallMs: 10_000 } }),
    patienceMs: 30_000,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run, 60_000);
});

describe("a command that talks on its stdin and stdout keeps the contract", () => {
  const { file } = javascriptLanguage.server;
  const command = [process.execPath, "--max-old-space-size=64", file, "--time-ms", "1000"];
  const driver = {
    name: "command",
    make: () => subprocessRuntime({ command, times: { wallMs: 10_000 } }),
    patienceMs: 30_000,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run, 60_000);
});
