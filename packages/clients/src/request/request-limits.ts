import { milliseconds, type OptionRule } from "./option-rules.ts";
import type { RequestLimits } from "./watched-request.ts";

/** Time limits as options of a client. */
export interface RequestLimitOptions {
  /**
   * Milliseconds without a single byte after which a request fails with `timeout`. Default 60,000. Node's
   * own `fetch` gives up after 300,000, so a larger value has no effect.
   */
  readonly idleTimeoutMs?: number;
  /** Milliseconds a whole request may take. Default 1,800,000. */
  readonly timeoutMs?: number;
}

/** The rules of {@link RequestLimitOptions}. */
export const REQUEST_LIMIT_RULES: Readonly<Record<keyof RequestLimitOptions, OptionRule>> = {
  idleTimeoutMs: milliseconds,
  timeoutMs: milliseconds,
};

/** The limits in force. */
export function requestLimits(options: RequestLimitOptions, idleTimeoutMs = 60_000): RequestLimits {
  return {
    idleTimeoutMs: options.idleTimeoutMs ?? idleTimeoutMs,
    timeoutMs: options.timeoutMs ?? 1_800_000,
  };
}
