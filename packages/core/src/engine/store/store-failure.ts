import { RLMError, type RLMErrorCode } from "../../errors.ts";

const CODES: ReadonlySet<RLMErrorCode> = new Set([
  "store_failed",
  "damaged_log",
  "unsupported_format",
  "locked",
  "lost_race",
]);

/**
 * True for an error by which the store of the run has failed, also when it comes from its payloads or from a tool that
 * writes there. The model can do nothing about it, so it ends the run.
 */
export function isStoreFailure(error: unknown): error is RLMError {
  return RLMError.is(error) && CODES.has(error.code);
}
