import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A loopback in a process of its own. */
export interface LoopbackProcess {
  /** What brings Modal's SDK there. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts `loopback/serve.ts`. */
export async function startLoopbackProcess(): Promise<LoopbackProcess> {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, "loopback/serve.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  if (child.stdout === null) throw new Error("The loopback has no output.");
  for await (const line of createInterface(child.stdout)) if (lines.push(line) === 2) break;
  return {
    environment: JSON.parse(lines[1] ?? "{}"),
    async stop() {
      child.stdin?.end();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}
