/** Whether a run is paused, and a way to wait until it continues. */
export class Pause {
  readonly #ended: () => void;
  #going: PromiseWithResolvers<void> | null = null;

  /** `ended` is called each time a pause ends. */
  constructor(ended: () => void) {
    this.#ended = ended;
  }

  get isOn(): boolean {
    return this.#going !== null;
  }

  /** Resolves when the pause is over, at once when there is none. */
  async whenOver(): Promise<void> {
    await this.#going?.promise;
  }

  /** False when the run was paused already. */
  begin(): boolean {
    if (this.#going !== null) return false;
    this.#going = Promise.withResolvers();
    return true;
  }

  /** False when the run was not paused. */
  end(): boolean {
    if (this.#going === null) return false;
    this.#going.resolve();
    this.#going = null;
    this.#ended();
    return true;
  }
}
