/** Time, chance and digests, injected so that a test can hold them still. */
export interface Environment {
  /** Epoch milliseconds. */
  now(): number;
  /** A new random name of 12 letters and digits, unique for all practical purposes. */
  randomId(): string;
  /** SHA-256 of the text in UTF-8, as 64 hexadecimal digits; not a promise if it is there at once. */
  digest(text: string): string | Promise<string>;
  /** Resolves after the time, or early when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
