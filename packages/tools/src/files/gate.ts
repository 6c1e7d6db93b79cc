/**
 * Lets a bounded number of operations run at a time, so that thousands of calls do not use up the process's open
 * files. Invariant: a slot is handed over to the first in the queue or given back, never both.
 */
export class Gate {
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(slots: number) {
    this.#free = slots;
  }

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await operation();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
