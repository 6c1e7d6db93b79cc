/**
 * Lets many callers share one slow operation: whoever calls while it runs waits for the next run, which
 * begins when this one has ended and covers them all.
 */
export class GroupSync {
  readonly #operation: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(operation: () => Promise<void>) {
    this.#operation = operation;
  }

  /** Resolves when an operation that began after this call has ended; rejects as that does. */
  run(): Promise<void> {
    if (this.#running === null) return this.#start();
    // Those who wait for the one that runs hear of its failure.
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Promise<void> {
    const running = this.#operation().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }
}
