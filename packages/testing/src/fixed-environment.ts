import { createHash } from "node:crypto";
import type { Environment } from "@rlmflow/core";

/** How a {@link fixedEnvironment} counts. */
export interface FixedEnvironmentOptions {
  /** What the first `now()` answers, in epoch milliseconds. Default 1,700,000,000,000. */
  readonly now?: number;
  /** Milliseconds by which each `now()` moves the clock. Default 1. */
  readonly step?: number;
}

/**
 * An environment in which two runs that ask the same see the same: the clock and the ids are counters,
 * the digest is real. `sleep` moves the clock and resolves at once; an aborted signal leaves it where it is.
 */
export function fixedEnvironment(options: FixedEnvironmentOptions = {}): Environment {
  const step = options.step ?? 1;
  let clock = options.now ?? 1_700_000_000_000;
  let ids = 0;
  return {
    now() {
      const now = clock;
      clock += step;
      return now;
    },
    randomId() {
      ids += 1;
      return `id${ids.toString(36).padStart(10, "0")}`;
    },
    async digest(text) {
      return createHash("sha256").update(text, "utf8").digest("hex");
    },
    async sleep(ms, signal) {
      if (!signal?.aborted) clock += Math.max(0, ms);
    },
  };
}
