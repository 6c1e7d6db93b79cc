import { bare, defineValue, ErrorConstructor, ownValue } from "../realm/primordials.ts";
import { type Frame, placeError } from "../realm/stack.ts";

const MAX_CAUSES = 5;

/** An Error for the error data of an outcome. It has name, message and cause, and no stack of the host's. */
export function outcomeError(data: unknown, at: readonly Frame[], depth = 0): Error {
  const object = typeof data === "object" && data !== null ? data : bare({});
  const message = ownValue(object, "message");
  const name = ownValue(object, "name");
  const cause = ownValue(object, "cause");
  const error = new ErrorConstructor(typeof message === "string" ? message : "the call failed");
  if (typeof name === "string") defineValue(error, "name", name, false);
  if (cause !== undefined && depth < MAX_CAUSES) {
    defineValue(error, "cause", outcomeError(cause, at, depth + 1), false);
  }
  placeError(error, at);
  return error;
}
