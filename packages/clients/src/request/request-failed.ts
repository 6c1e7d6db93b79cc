import { type RequestFailureDetails, RLMError } from "@rlmflow/core";
import { sentences } from "@rlmflow/core/driver";

/** An error `request_failed` with its typed details, and what to do about it. */
export function requestFailed(
  message: string,
  details: RequestFailureDetails,
  { advice = "", cause }: { readonly advice?: string; readonly cause?: unknown } = {},
): RLMError {
  return new RLMError("request_failed", sentences(message, advice), { cause, details: { ...details } });
}
