import { randomNumbers } from "../../../repl/test/language/program-generator.ts";

/**
 * Lets answers out in a random order.
 *
 * Owns: the order. Does not own: the answers. Invariants: (1) answers asked for in one go are all held before the
 * first of them is let out; (2) one is let out at a time; (3) everything held is let out in the end.
 */
export class ShuffledAnswers {
  readonly #random: () => number;
  readonly #held: (() => void)[] = [];
  #pumping = false;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  /** Resolves when it is this one's activation. */
  turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.push(resolve);
    if (!this.#pumping) void this.#pump();
    return promise;
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    while (this.#held.length > 0) {
      await pause(this.#random());
      const [next] = this.#held.splice(Math.floor(this.#random() * this.#held.length), 1);
      next?.();
    }
    this.#pumping = false;
  }
}

/** Mostly a round or two of the event loop; now and then some milliseconds, in which REPLs and children come along. */
async function pause(random: number): Promise<void> {
  if (random > 0.9) return await new Promise((resolve) => setTimeout(resolve, (random - 0.9) * 60));
  for (let rounds = 1 + Math.floor(random * 4); rounds > 0; rounds -= 1)
    await new Promise((resolve) => setImmediate(resolve));
}
