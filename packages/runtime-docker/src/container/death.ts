import { RLMError } from "@rlmflow/core";
import { sentences } from "@rlmflow/core/driver";
import type { FailedLimit } from "@rlmflow/repl/driver";

/** What is known of a process in a container that has ended. */
export interface Remains {
  /** As the engine tells, or `null` when the container is gone without a word. */
  readonly exitCode: number | null;
  /** The kernel killed something in the container because its memory was full. */
  readonly oomKilled: boolean;
  /** End of what the process wrote to its errors. Code may have written it too. */
  readonly errors: string;
  /** The process shared its container with others. */
  readonly shared: boolean;
  /** The REPL was ready to work before. */
  readonly greeted: boolean;
  readonly memoryMB: number;
  /** What was to run: the language's interpreter. */
  readonly program: string;
}

const KILLED = 128 + 9;
/** Above it a signal ended the process. */
const SIGNALLED = 128;
/** What the engine reports for a program that can't be started. */
const NOT_STARTED: readonly number[] = [126, 127];
const HEAP_FULL = /heap out of memory|Reached heap limit/i;
const LONGEST_ERRORS = 500;

/**
 * Why the process ended, as `sandbox_lost`. `details.limit` is the limit that was broken; `details.blame` is
 * `none` where something else than the REPL's own code may have ended it.
 */
export function death(remains: Remains): RLMError {
  const { exitCode, shared, greeted } = remains;
  if (outOfMemory(remains)) return outOfMemoryError(remains);
  if (exitCode === KILLED || (exitCode === null && greeted)) return killed(remains);
  // Whoever is in the same container can send any signal, and keep a process from starting.
  const isDoubtful = exitCode === null || (shared && (!greeted || exitCode > SIGNALLED));
  return new RLMError("sandbox_lost", sentences(endOf(remains), ...(greeted ? [] : whyNotReady(remains))), {
    details: { exitCode, ...(isDoubtful ? { blame: "none" } : {}) },
  });
}

function endOf({ exitCode }: Remains): string {
  // Of a program that never ran the engine may know no exit code, or not yet.
  const end = exitCode === null ? "before it was ready" : `with exit code ${exitCode}`;
  return `The program in the container ended ${end}.`;
}

/** For a developer: once the REPL is up, its code may have said anything. */
function whyNotReady({ exitCode, errors, program }: Remains): readonly string[] {
  const isAbsent = exitCode === null || NOT_STARTED.includes(exitCode);
  return [
    isAbsent ? `Does the image have the program ${program}?` : "",
    errors === "" ? "" : `It said: ${errors.slice(-LONGEST_ERRORS)}`,
  ];
}

/** The kernel says so, or V8 on its way down: its heap is sized by the container's memory. */
function outOfMemory({ exitCode, oomKilled, errors, shared }: Remains): boolean {
  // In a shared container the kernel takes the largest, which need not be the one that asked for more.
  if (oomKilled && !shared) return true;
  return exitCode !== null && exitCode > 128 && exitCode !== KILLED && HEAP_FULL.test(errors);
}

function outOfMemoryError({ memoryMB, exitCode }: Remains): RLMError {
  const limit: FailedLimit = { name: "memoryMB", value: memoryMB, unit: "MB" };
  const message = `The block used up the memory of its container, which has ${memoryMB} MB.`;
  return new RLMError("sandbox_lost", message, { details: { limit, exitCode } });
}

function killed({ shared, memoryMB }: Remains): RLMError {
  const message = shared
    ? `The process was killed, by its own code, from outside, or for the ${memoryMB} MB of memory that it shares with others.`
    : "The program in the container was killed, by its own code or from outside.";
  return new RLMError("sandbox_lost", message, { details: { blame: "none" } });
}
