import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { Runtime } from "@rlmflow/core";
import { type ChannelRuntimeOptions, channelRuntime, lineChannel } from "@rlmflow/repl";
import { pythonLanguage } from "../src/index.ts";

/** What stands in front of the server's file: the interpreter under test. */
export const PYTHON = process.env.RLMFLOW_PYTHON ?? pythonLanguage.server.command[0] ?? "python3";

const found = spawnSync(PYTHON, ["-c", "import sys; print(sys.version_info >= (3, 10))"], {
  encoding: "utf8",
});
if (found.stdout?.trim() !== "True") {
  throw new Error(
    `These tests need Python 3.10 or newer as "${PYTHON}": install it (apt install python3, brew install python), or name another with RLMFLOW_PYTHON=/path/to/python3.`,
  );
}

/** A runtime whose sandboxes are plain child processes. */
export function pythonRuntime(
  flags: readonly string[] = [],
  options: Partial<ChannelRuntimeOptions> = {},
): Runtime {
  const { command, file } = pythonLanguage.server;
  return channelRuntime({
    name: "python",
    isolation: "process",
    replay: "best-effort",
    language: pythonLanguage,
    connect: async () => {
      const child = spawn(PYTHON, [...command.slice(1), file, ...flags], {
        stdio: ["pipe", "pipe", "ignore"],
      });
      const exited = once(child, "exit");
      child.stdin.on("error", () => {});
      return lineChannel({
        input: child.stdout,
        write: async (bytes) => {
          if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, "drain"), exited]);
        },
        close: async () => {
          child.kill("SIGKILL");
          await exited;
        },
      });
    },
    ...options,
  });
}
