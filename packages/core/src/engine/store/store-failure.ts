import { RLMError, type RLMErrorCode } from "../../errors.ts";
import { isBrokenInvariant } from "../../invariant.ts";

const CODES: ReadonlySet<RLMErrorCode> = new Set([
  "store_failed",
  "damaged_log",
  "unsupported_format",
  "locked",
  "lost_race",
]);

/**
 * True for an error that ends the run, because the model can do nothing about it: the store has failed, perhaps through
 * its payloads or a tool that writes there, or an invariant of ours does not hold.
 */
export function endsRun(error: unknown): error is RLMError {
  return RLMError.is(error) && (CODES.has(error.code) || isBrokenInvariant(error));
}
