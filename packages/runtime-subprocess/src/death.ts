import { RLMError } from "@rlmflow/core";
import type { FailedLimit } from "@rlmflow/repl/driver";
import type { Launch } from "./launch.ts";

/** What is known of a process that ended, or stopped talking. */
export interface Remains {
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  readonly stderr: string;
  /** The limit that it was killed for. */
  readonly limit: FailedLimit | null;
  readonly launch: Pick<Launch, "isOwn" | "shown" | "memoryMB">;
}

/** What V8 says before it aborts. */
const HEAP_IS_FULL = /JavaScript heap out of memory/;

/** How a process ended, as an error that names the limit it broke. */
export function deathOf(remains: Remains): RLMError {
  const limit = remains.limit ?? heapLimit(remains);
  if (limit !== null) {
    const message = `It used more memory than ${limit.name} allows: ${limit.value} ${limit.unit}.`;
    return new RLMError("sandbox_lost", message, { details: { limit } });
  }
  const { stderr } = remains;
  return new RLMError("sandbox_lost", `${remains.launch.shown} ${manner(remains)}.${wrote(stderr)}`);
}

/** The end of what a process wrote, as a sentence that can follow another. */
export function wrote(stderr: string): string {
  return stderr === "" ? "" : ` It wrote:\n${stderr}`;
}

function manner({ exitCode, signalCode }: Remains): string {
  if (signalCode !== null) return `was ended by ${signalCode}`;
  return exitCode === null ? "closed its output and ran on" : `exited with code ${exitCode}`;
}

function heapLimit({ launch, stderr }: Remains): FailedLimit | null {
  if (!launch.isOwn || launch.memoryMB === null || !HEAP_IS_FULL.test(stderr)) return null;
  return { name: "memoryMB", value: launch.memoryMB, unit: "MB" };
}
