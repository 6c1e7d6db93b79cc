import { milliseconds, type OptionRule } from "./option-rules.ts";
import type { RequestLimits } from "./watched-request.ts";

/** Time limits as options of a client. */
export interface RequestLimitOptions {
  /**
   * Milliseconds without a single byte after which a request fails with `timeout`. Default 60,000, and 300,000 when
   * `baseURL` is given: a local server is silent while it reads a long prompt. Node's own `fetch` gives up after
   * 300,000, so a larger value has no effect.
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

const IDLE_MS = 60_000;
/** The limit of Node's own `fetch`. */
const PATIENT_IDLE_MS = 300_000;

/** The limits that apply; `slow` is for a model that sends nothing while it thinks. */
export function requestLimits(
  options: RequestLimitOptions & { readonly baseURL?: string },
  slow = false,
): RequestLimits {
  const patient = slow || options.baseURL !== undefined;
  return {
    idleTimeoutMs: options.idleTimeoutMs ?? (patient ? PATIENT_IDLE_MS : IDLE_MS),
    timeoutMs: options.timeoutMs ?? 1_800_000,
  };
}
