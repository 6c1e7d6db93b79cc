import { type RequestFailureDetails, RLMError, sentences } from "@rlmflow/core";

/** An error `request_failed` with its typed details, and what to do about it. */
export function requestFailed(
  message: string,
  details: RequestFailureDetails,
  { advice = "", cause }: { readonly advice?: string; readonly cause?: unknown } = {},
): RLMError {
  return new RLMError("request_failed", sentences(message, advice), { cause, details: { ...details } });
}
