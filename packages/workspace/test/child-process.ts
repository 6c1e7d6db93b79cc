import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A process that runs one of the scripts in this folder and prints lines. */
export interface Script {
  readonly process: ChildProcess;
  readonly lines: AsyncIterableIterator<string>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** Where a script runs, and how. */
export interface ScriptOptions {
  readonly directory?: string | undefined;
  /** How many files it may have open. */
  readonly files?: number | null;
}

/** Starts `test/<name>`, or the script at an absolute path, with these arguments; killed at the end of the test if it still runs. */
export function startScript(
  name: string,
  args: readonly string[],
  { directory, files = null }: ScriptOptions = {},
): Script {
  const hooks = join(import.meta.dirname, "source-hooks.ts");
  const file = resolve(import.meta.dirname, name);
  const node = [process.execPath, "--import", hooks, file, ...args];
  const limited = ["sh", "-c", `ulimit -n ${files} && exec "$@"`, "sh", ...node];
  const [command = "", ...rest] = files === null ? node : limited;
  const child = spawn(command, rest, {
    stdio: ["pipe", "pipe", "inherit"],
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  return { process: child, lines: lines[Symbol.asyncIterator](), ended };
}

/** The next line the script prints. */
export async function nextLine(script: Script): Promise<string> {
  const { value, done } = await script.lines.next();
  if (done === true) throw new Error(`the script ended with ${await script.ended} before it printed a line`);
  return value;
}
