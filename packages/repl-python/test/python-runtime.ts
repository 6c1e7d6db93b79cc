import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
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
      const args = [...command.slice(1), file, ...flags];
      const child = spawn(PYTHON, args, { env: { PATH: process.env.PATH ?? "" } });
      const exited = once(child, "exit");
      child.stdin.on("error", () => {});
      return lineChannel({
        input: outputOf(child),
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

/** What the program writes. Ends with an error that has its last words where it ended by itself and not well. */
async function* outputOf(child: ChildProcessWithoutNullStreams): AsyncGenerator<Uint8Array> {
  let words = "";
  child.stderr.on("data", (bytes: Buffer) => {
    words = (words + bytes.toString()).slice(-500);
  });
  const closed = once(child, "close");
  for await (const chunk of child.stdout) yield chunk;
  const [code, signal] = await closed;
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`Python ended with ${code ?? signal}: ${words}`);
}
