import { RLMError } from "@rlmflow/core";

/** What there is to know of a program that ended while its sandbox goes on. */
export interface Remains {
  readonly sandboxId: string;
  /** What runs the program, for example `node`. */
  readonly interpreter: string;
  /** As the SDK tells, or `null` when it did not in time. */
  readonly code: number | null;
  /** The end of its error stream; code may have written it. */
  readonly wrote: string;
  readonly memoryLimitMiB: number;
  /** Other programs were in the sandbox. */
  readonly shared: boolean;
}

const KILLED = 137;
const NOT_FOUND: readonly number[] = [126, 127];
/** What V8 says before it gives up. */
const HEAP_IS_FULL = /JavaScript heap out of memory/;

/**
 * Why a program ended, as `sandbox_lost`. The exit code is all that Modal's SDK shows: one that was killed may
 * have wanted too much memory, so its code is blamed and no limit is claimed; in a shared sandbox nobody is
 * blamed, for the system takes the largest, which need not be the one that asked for more.
 */
export function programDeath(remains: Remains): RLMError {
  const { sandboxId, interpreter, code, memoryLimitMiB, shared } = remains;
  const wrote = remains.wrote === "" ? "" : ` It wrote: ${remains.wrote}`;
  const program = `The program in the sandbox ${sandboxId}`;
  const limit = { name: "memoryLimitMiB", value: memoryLimitMiB, unit: "MiB" };
  if (code === KILLED) {
    const why = `as happens where more than ${memoryLimitMiB} MiB of memory are wanted`;
    const details = shared ? { blame: "none" } : {};
    return new RLMError("sandbox_lost", `${program} was killed, ${why}.${wrote}`, { details });
  }
  if (code !== null && code > 128 && HEAP_IS_FULL.test(remains.wrote)) {
    const message = `${program} used up its memory; the sandbox has ${memoryLimitMiB} MiB.${wrote}`;
    return new RLMError("sandbox_lost", message, { details: { limit } });
  }
  const hint = code !== null && NOT_FOUND.includes(code) ? ` Is ${interpreter} in the image?` : "";
  const how = code === null ? "" : ` with code ${code}`;
  return new RLMError("sandbox_lost", `${program} ended${how}.${hint}${wrote}`);
}
