import { RLMError } from "@rlmflow/core";
import { sentence, sentences } from "@rlmflow/core/driver";

/** What there is to know of a program that ended while its sandbox goes on. */
export interface Remains {
  /** What the sandbox is called to whom this is told: see `nameOf` of a sandbox. */
  readonly sandbox: string;
  /** What runs the program, for example `node`. */
  readonly interpreter: string;
  /** As the SDK tells, or `null` when it did not in time. */
  readonly code: number | null;
  /** It had begun to serve its REPL. */
  readonly greeted: boolean;
  /** The end of its error stream; once it has greeted, code may have written it. */
  readonly wrote: string;
  readonly memoryLimitMiB: number;
  /** Other programs were in the sandbox. */
  readonly shared: boolean;
}

const KILLED = 137;
/** Above it a signal ended the program. */
const SIGNALLED = 128;
const NOT_FOUND: readonly number[] = [126, 127];
/** What V8 says before it gives up. */
const HEAP_IS_FULL = /JavaScript heap out of memory/;

/**
 * Why a program ended, as `sandbox_lost`. The exit code is all that Modal's SDK shows: one that was killed may
 * have wanted too much memory, so its code is blamed and no limit is claimed. In a shared sandbox nobody is
 * blamed for a signal, nor for not having started: others can cause both. What a program wrote is told to a
 * developer who can't open a REPL, and never to a model.
 */
export function programDeath(remains: Remains): RLMError {
  const { code, memoryLimitMiB: value } = remains;
  const wrote = remains.greeted || remains.wrote === "" ? "" : `It wrote: ${remains.wrote}`;
  const lost = (how: string, details: Readonly<Record<string, unknown>>): RLMError => {
    const message = sentences(sentence(`The program in ${remains.sandbox} ${how}`), wrote);
    return new RLMError("sandbox_lost", message, { details });
  };
  if (code !== null && code > SIGNALLED && code !== KILLED && HEAP_IS_FULL.test(remains.wrote)) {
    const limit = { name: "memoryLimitMiB", value, unit: "MiB" };
    return lost(`used up its memory; the sandbox has ${value} MiB`, { limit });
  }
  const blame = mayBeOfOthers(remains) ? { blame: "none" } : {};
  if (code === KILLED)
    return lost(`was killed, as happens where more than ${value} MiB of memory are wanted`, blame);
  return lost(`ended${code === null ? "" : ` with code ${code}`}${hintFor(remains)}`, blame);
}

function mayBeOfOthers({ shared, greeted, code }: Remains): boolean {
  return shared && (!greeted || (code !== null && code > SIGNALLED));
}

function hintFor({ greeted, code, interpreter }: Remains): string {
  return !greeted && code !== null && NOT_FOUND.includes(code) ? `. Is ${interpreter} in the image?` : "";
}
