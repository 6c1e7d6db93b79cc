import { type RequestFailureDetails, RLMError } from "@rlmflow/core";

/** The error a chat fails with; a chat that resolves is an error of the test. */
export async function failureOf(chat: Promise<unknown>): Promise<RLMError> {
  const error = await chat.then(
    (reply) => new Error(`resolved with ${JSON.stringify(reply)}`),
    (failure: unknown) => failure,
  );
  if (!RLMError.is(error)) throw error;
  return error;
}

/** The details of a failed request. */
export async function detailsOf(chat: Promise<unknown>): Promise<Partial<RequestFailureDetails>> {
  const { code, message, details } = await failureOf(chat);
  if (code !== "request_failed") throw new Error(`failed with ${code}: ${message}`);
  return details;
}
