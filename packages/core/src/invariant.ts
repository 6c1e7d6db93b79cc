import { RLMError } from "./errors.ts";

/**
 * Throws when something does not hold that our own code guarantees, whatever models, their code, runtimes, stores and
 * callers do. Costs one comparison where it holds: `what` is a constant text.
 */
export function invariant(holds: boolean, what: string): asserts holds {
  if (holds) return;
  throw new RLMError(
    "protocol_violation",
    `This is a fault of rlmflow: an invariant does not hold (${what}). Please report it with the stack of this error.`,
    { details: { invariant: what } },
  );
}

/** True for what {@link invariant} throws. It ends the run: no agent, model or runtime is to blame for it. */
export function isBrokenInvariant(error: unknown): error is RLMError {
  return RLMError.is(error, "protocol_violation") && typeof error.details.invariant === "string";
}
