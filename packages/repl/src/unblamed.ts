import { RLMError } from "@rlmflow/core";

/** The same failure, told to one whose code need not have caused it: it is worth trying again without neighbours. */
export function unblamed(cause: unknown): RLMError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new RLMError("sandbox_lost", message, { cause, details: { blame: "none" } });
}

/** Whether a sandbox was lost through no fault of the code in it, as far as its channel knows. */
export function isUnblamed(error: unknown): boolean {
  return RLMError.is(error, "sandbox_lost") && error.details.blame === "none";
}
