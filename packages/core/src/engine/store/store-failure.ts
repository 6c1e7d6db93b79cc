import { RLMError, type RLMErrorCode } from "../../errors.ts";

const CODES: ReadonlySet<RLMErrorCode> = new Set([
  "store_failed",
  "damaged_log",
  "unsupported_format",
  "locked",
  "lost_race",
]);

/**
 * True for an error that says that what keeps the run has failed, whoever throws it: the store, its payloads, or a tool
 * that keeps a record there. It is the host's failure and never the model's: it ends the run.
 */
export function isStoreFailure(error: unknown): error is RLMError {
  return RLMError.is(error) && CODES.has(error.code);
}
