import { RLMError } from "./errors.ts";

/**
 * The error for something that does not hold although our own code guarantees it, whatever models, their code, runtimes,
 * stores and callers do. `what` says what should hold.
 */
export function brokenInvariant(what: string): RLMError {
  return new RLMError(
    "protocol_violation",
    `This is a fault of rlmflow: an invariant does not hold (${what}). Please report it with the stack of this error.`,
    { details: { invariant: what } },
  );
}

/** True for what {@link brokenInvariant} gives. It ends the run: no agent, model or runtime is to blame for it. */
export function isBrokenInvariant(error: unknown): error is RLMError {
  return RLMError.is(error, "protocol_violation") && typeof error.details.invariant === "string";
}
