import { RLMError } from "../../errors.ts";

/**
 * What the promise gives, or a rejection with `aborted` as soon as the signal aborts. Nobody hears any more
 * of a promise that was left behind. `what` completes "Aborted while …".
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(new RLMError("aborted", `Aborted while ${what}.`));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const leave = () => signal.removeEventListener("abort", abort);
    promise.finally(leave).then(resolve, reject);
  });
}
