import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { runtimeContract } from "@rlmflow/testing";
import { socketRuntime } from "./socket-runtime.ts";

const folder = await mkdtemp(join(tmpdir(), "sandbox-"));
const path = join(folder, "server.sock");
const sandboxServer = join(import.meta.dirname, "sandbox-server.ts");
const server = spawn(process.execPath, [sandboxServer, path], { stdio: ["ignore", "pipe", "inherit"] });
await once(server.stdout, "data");

after(async () => {
  server.kill();
  await rm(folder, { recursive: true });
});

describe("the runtime keeps the contract", () => {
  const driver = {
    name: "socket",
    make: () => socketRuntime({ server: { path } }),
    patienceMs: 20_000,
    sessions: 40,
  };
  for (const { name, run } of runtimeContract(driver)) test(name, run);
});
