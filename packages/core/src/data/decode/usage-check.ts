import type { Attempt, RequestFailure } from "../node.ts";
import type { Usage } from "../usage.ts";
import { amount, type Check, count, nullable, oneOf, optional, record, text } from "./check.ts";

/** What a request consumed. */
export const usage: Check<Usage> = record<Usage>({
  input: nullable(count),
  cached: nullable(count),
  output: nullable(count),
  reasoning: nullable(count),
  costMicroUsd: nullable(count),
});

/** A request that was made. */
export const attempt: Check<Attempt> = record<Attempt>({
  startedAt: amount,
  firstTokenAt: nullable(amount),
  endedAt: amount,
  outcome: oneOf<"complete" | RequestFailure>({
    complete: true,
    rate_limit: true,
    overloaded: true,
    network: true,
    timeout: true,
    incomplete: true,
    authentication: true,
    invalid_request: true,
    context_too_long: true,
    quota: true,
    aborted: true,
    unknown: true,
  }),
  message: optional(text),
  usage,
});
