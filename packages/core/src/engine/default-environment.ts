import type { Environment } from "../protocols/environment.ts";

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
const NAME_LENGTH = 12;

/** What the platform's timers hold: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real clock, real chance and SHA-256 of the platform's Web Crypto. */
export function defaultEnvironment(): Environment {
  return {
    now: () => Date.now(),
    randomId() {
      const bytes = crypto.getRandomValues(new Uint8Array(NAME_LENGTH));
      return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
    },
    async digest(text) {
      const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
      return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
    },
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const end = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, Math.min(ms, LONGEST_TIMER_MS));
        signal?.addEventListener("abort", end, { once: true });
      });
    },
  };
}
