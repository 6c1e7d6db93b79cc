import { setImmediate } from "node:timers/promises";

/**
 * Frees what can be freed. Needs `--expose-gc`. One round is enough before a measurement of time, where more
 * would make the engine forget compiled code; finalizers and freed pages take several.
 */
export async function collectGarbage(rounds = 1): Promise<void> {
  if (globalThis.gc === undefined) throw new TypeError("Start this process with --expose-gc.");
  for (let round = 0; round < rounds; round++) {
    globalThis.gc();
    await setImmediate();
  }
}
