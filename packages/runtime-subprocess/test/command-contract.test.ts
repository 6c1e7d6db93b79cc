import { javascriptLanguage } from "@rlmflow/repl";
import { runtimeContract } from "@rlmflow/testing";
import { describe, test } from "vitest";
import { subprocessRuntime } from "../src/index.ts";
import { kill, noting } from "./killable.ts";

describe("a command that talks on its stdin and stdout keeps the contract", () => {
  const { file } = javascriptLanguage.server;
  const command = [process.execPath, "--max-old-space-size=64", file, "--time-ms", "2000"];
  const make = () => subprocessRuntime({ command, times: { wallMs: 10_000 } });
  const killing = process.platform === "linux" ? { make: () => noting(make()), kill } : { make };
  const driver = { name: "command", ...killing, patienceMs: 30_000 };
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});
