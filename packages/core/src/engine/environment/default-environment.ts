import type { Environment } from "../../protocols/environment.ts";

const LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
const NAME_LENGTH = 12;

/** What the platform's timers hold: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Longer texts are digested asynchronously, so that the program does not stand still. */
const LONGEST_AT_ONCE = 256 * 1024;

type Sha256 = (text: string) => string;

/** Node's synchronous SHA-256; `null` on a platform that has only Web Crypto. */
function sha256AtOnce(): Sha256 | null {
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") return null;
  const crypto = process.getBuiltinModule("node:crypto");
  return typeof crypto?.hash === "function" ? (text) => crypto.hash("sha256", text, "hex") : null;
}

async function webSha256(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The real clock, real chance and SHA-256 of the platform. */
export function defaultEnvironment(): Environment {
  const atOnce = sha256AtOnce();
  return {
    now: () => Date.now(),
    randomId() {
      const bytes = crypto.getRandomValues(new Uint8Array(NAME_LENGTH));
      return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
    },
    digest: (text) => (atOnce !== null && text.length <= LONGEST_AT_ONCE ? atOnce(text) : webSha256(text)),
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

/**
 * The same environment with a clock that never goes back: where the real one is set back, time goes on
 * from where it was. `from` is the latest time that is on record already.
 */
export function monotonicClock(environment: Environment, from: number = 0): Environment {
  let latest = from;
  let ahead = 0;
  return {
    now() {
      const told = environment.now() + ahead;
      if (told < latest) ahead += latest - told;
      else latest = told;
      return latest;
    },
    randomId: environment.randomId.bind(environment),
    digest: environment.digest.bind(environment),
    sleep: environment.sleep.bind(environment),
  };
}
