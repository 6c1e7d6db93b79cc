/** Characters that are kept of the beginning, and of the end. */
const KEPT = 16_384;

/** What an entry has written so far: its beginning and its end. Memory and the time of a write are bounded. */
export class OutputMirror {
  #head = "";
  #tail = "";
  #total = 0;

  /** A new entry has written nothing. */
  clear(): void {
    this.#head = "";
    this.#tail = "";
    this.#total = 0;
  }

  add(text: string): void {
    const fits = Math.min(KEPT - this.#head.length, text.length);
    this.#head += text.slice(0, fits);
    this.#total += text.length;
    if (fits === text.length) return;
    this.#tail += text.slice(Math.max(fits, text.length - KEPT));
    if (this.#tail.length > 2 * KEPT) this.#tail = this.#tail.slice(-KEPT);
  }

  get text(): string {
    const tail = this.#tail.slice(-KEPT);
    const left = this.#total - this.#head.length - tail.length;
    return left === 0 ? this.#head + tail : `${this.#head}\n… ${left} characters were not kept …\n${tail}`;
  }
}
