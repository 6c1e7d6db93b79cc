import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A stand-in of Modal's server, in a process of its own. */
export interface ModalLoopbackProcess extends AsyncDisposable {
  /** The variables that bring Modal's SDK there. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts the stand-in that the tests of the package in this folder are run against. */
export async function startModalLoopback(packageFolder: string): Promise<ModalLoopbackProcess> {
  const child = spawn(process.execPath, [join(packageFolder, "test/loopback/serve.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) if (lines.push(line) === 2) break;
  return {
    environment: JSON.parse(lines[1] ?? "{}"),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exit;
    },
  };
}
