/** Whether a run is paused, and for whoever waits: when it goes on. */
export class Pause {
  #going: PromiseWithResolvers<void> | null = null;

  get isOn(): boolean {
    return this.#going !== null;
  }

  /** Resolves when it is over; at once where there is none. */
  async whenOver(): Promise<void> {
    await this.#going?.promise;
  }

  /** False where it had begun before. */
  begin(): boolean {
    if (this.#going !== null) return false;
    this.#going = Promise.withResolvers();
    return true;
  }

  /** False where there was none. */
  end(): boolean {
    if (this.#going === null) return false;
    this.#going.resolve();
    this.#going = null;
    return true;
  }
}
