import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Runtime } from "@rlmflow/core";
import { runtimeContract } from "@rlmflow/core/testing";
import { afterAll, describe, expect, test } from "vitest";
import { type Channel, channelRuntime, javascriptLanguage, lineChannel } from "../../src/index.ts";

const children = new Set<ChildProcess>();
afterAll(() =>
  expect([...children].filter(({ exitCode, signalCode }) => !exitCode && !signalCode)).toEqual([]),
);

async function start(flags: readonly string[] = []): Promise<{ child: ChildProcess; channel: Channel }> {
  const child = spawn(process.execPath, [javascriptLanguage.server.file, ...flags]);
  const exit = once(child, "exit");
  const channel = lineChannel({
    input: child.stdout,
    write: async (bytes) => {
      if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, "drain"), exit]);
    },
    close: async () => {
      child.kill("SIGKILL");
      await exit;
    },
  });
  child.stdin.on("error", () => {});
  return { child, channel };
}

function serverRuntime(): Runtime {
  return channelRuntime({
    name: "server",
    isolation: "process",
    replay: "exact",
    connect: async () => (await start(["--time-ms", "1000"])).channel,
    times: { wallMs: 20_000 },
  });
}

describe("a REPL served by the program keeps the contract", () => {
  for (const { name, run } of runtimeContract({ name: "server", make: serverRuntime })) test(name, run);
});
