/** Runs one effect at a time; the others wait in the order in which they came. */
export type Lock = <T>(effect: () => Promise<T>) => Promise<T>;

const tails = new Map<string, Promise<unknown>>();

/**
 * The lock of a directory: one in this process, however many tools were made for it. Owns the tail of each queue;
 * a queue that has run dry is forgotten.
 */
export function directoryLock(directory: string): Lock {
  return async (effect) => {
    const before = tails.get(directory) ?? Promise.resolve();
    const turn = before.then(effect, effect);
    tails.set(directory, turn);
    try {
      return await turn;
    } finally {
      if (tails.get(directory) === turn) tails.delete(directory);
    }
  };
}
