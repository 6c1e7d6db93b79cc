import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What one process did until it ended or was killed. */
export interface Life {
  readonly killed: boolean;
  /** Ids of the nodes that it had been told of. */
  readonly reported: readonly string[];
  /** Bytes of a torn line that it found and dropped. */
  readonly droppedBytes: number;
  /** The answer as JSON, when it came to one. */
  readonly answer: string | null;
  /** Milliseconds from the moment in which it was up. */
  readonly lived: number;
}

const CHILD = join(import.meta.dirname, "crash-child.ts");
const HOOKS = join(import.meta.dirname, "../source-hooks.ts");
const LONGEST_MS = 120_000;

/** Starts the process and kills it so many milliseconds after it is up; `null` lets it live. */
export async function liveOnce(args: readonly string[], killAfterMs: number | null): Promise<Life> {
  const child = spawn(process.execPath, ["--import", HOOKS, CHILD, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = once(child, "exit");
  const hung = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    complaints = (complaints + chunk).slice(-4000);
  });
  const reported: string[] = [];
  let droppedBytes = 0;
  let answer: string | null = null;
  let upAt = Number.NaN;
  let doom: NodeJS.Timeout | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    // A line that the kill cut through was not said.
    if (!line.endsWith(";")) continue;
    const [word = "", rest = ""] = line.slice(0, -1).split(/ (.*)/s);
    if (word === "up") {
      upAt = performance.now();
      if (killAfterMs !== null) doom = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    } else if (word === "node") reported.push(rest);
    else if (word === "recovered") droppedBytes = JSON.parse(rest).droppedBytes;
    else if (word === "answer") answer = rest;
  }
  const [code, signal] = await exit;
  clearTimeout(hung);
  clearTimeout(doom);
  const killed = signal === "SIGKILL";
  if ((killed && killAfterMs === null) || (!killed && (code !== 0 || answer === null)))
    throw new Error(`the process ended with ${signal ?? code} and without an answer:\n${complaints}`);
  return { killed, reported, droppedBytes, answer, lived: performance.now() - upAt };
}
