import { RLMError, type RLMErrorCode } from "@rlmflow/core";
import { ensure, rejectionOf } from "../contract/contract.ts";

/** Demands that the promise rejects with an RLMError of this code. */
export async function ensureRejects(
  code: RLMErrorCode,
  what: string,
  promise: Promise<unknown>,
): Promise<void> {
  const error = await rejectionOf(what, promise);
  ensure(RLMError.is(error, code), `${what} rejects with ${String(error)} instead of an RLMError ${code}`);
}
