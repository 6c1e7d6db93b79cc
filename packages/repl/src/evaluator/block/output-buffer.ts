import type { MirrorOutput } from "../../wire/evaluator-spec.ts";
import { smaller, stringSlice } from "../realm/primordials.ts";

/** What was written since the last take, and how much of it is in `text`. */
export interface WrittenOutput {
  readonly text: string;
  readonly kept: number;
  readonly total: number;
}

/**
 * What a block writes. Owns the cap: of a flood it keeps the head and the tail.
 *
 * Invariants: (1) memory is at most about three times the cap; (2) writing is amortised linear;
 * (3) `kept` and `total` count written units, the line that marks the gap apart.
 */
export class OutputBuffer {
  readonly #cap: number;
  #left: number;
  #head = "";
  #headRoom: number;
  #tail = "";
  #total = 0;
  /** What was written up to the last take. */
  #before = 0;
  readonly #mirror: MirrorOutput;

  constructor(cap: number, mirror: MirrorOutput) {
    this.#mirror = mirror;
    this.#cap = cap;
    this.#left = cap;
    this.#headRoom = cap >> 1;
  }

  /** Characters that the block has written. */
  get written(): number {
    return this.#before + this.#total;
  }

  /** A new block begins with the whole allowance and nothing written. */
  reset(): void {
    this.#left = this.#cap;
    this.#before = 0;
    this.#clear();
  }

  /** Adds text. */
  write(text: string): void {
    this.#total += text.length;
    const fits = smaller(this.#headRoom, text.length);
    if (fits > 0) {
      this.#head += stringSlice(text, 0, fits);
      this.#headRoom -= fits;
    }
    if (fits < text.length) this.#writeTail(stringSlice(text, fits));
    this.#mirror(text);
  }

  /** Hands out what was written since the last call. */
  take(): WrittenOutput {
    const tail = this.#cutTail(this.#tail);
    const kept = this.#head.length + tail.length;
    const total = this.#total;
    const gap = total - kept;
    const text =
      gap === 0 ? this.#head + tail : `${this.#head}\n… ${gap} characters were not kept …\n${tail}`;
    this.#left -= kept;
    this.#before += total;
    this.#clear();
    return { text, kept, total };
  }

  #writeTail(text: string): void {
    this.#tail += text;
    const room = this.#tailRoom();
    if (this.#tail.length > room * 2 + 4096) this.#tail = this.#cutTail(this.#tail);
  }

  #cutTail(text: string): string {
    const room = this.#tailRoom();
    return text.length > room ? stringSlice(text, text.length - room) : text;
  }

  #tailRoom(): number {
    return this.#left - (this.#left >> 1);
  }

  #clear(): void {
    this.#head = "";
    this.#tail = "";
    this.#total = 0;
    this.#headRoom = this.#left >> 1;
  }
}
