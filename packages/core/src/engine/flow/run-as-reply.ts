import type { Usage, UsageTotal } from "../../data/usage.ts";
import { RLMError } from "../../errors.ts";
import type { Reply, RequestFailureDetails } from "../../protocols/client.ts";
import type { RunResult } from "./run.ts";
import { RunError } from "./run-error.ts";

/** A finished run as the reply of a client. */
export function runAsReply({ answer, usage }: RunResult<unknown>, model: string): Reply {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  return { text, finishReason: "stop", model, usage: usageOf(usage) };
}

/** A run that failed as the failure of a request: what it used is told, and it does not pass by itself. */
export function runAsFailure(error: unknown, signal: AbortSignal | undefined): RLMError {
  if (RLMError.is(error, "missing_key") || RLMError.is(error, "missing_dependency")) return error;
  const details: RequestFailureDetails = {
    reason: signal?.aborted === true ? "aborted" : "unknown",
    ...(error instanceof RunError && { usage: usageOf(error.graph.usage()) }),
  };
  const message = error instanceof Error ? error.message : String(error);
  return new RLMError("request_failed", message, { cause: error, details: { ...details } });
}

/** The sum where every part of it is known. */
function usageOf(total: UsageTotal): Usage {
  const { input, cached, output, reasoning, costMicroUsd } = total;
  const known = total.unknownTokens === 0;
  return {
    input: known ? input : null,
    cached: total.unknownCached === 0 ? cached : null,
    output: known ? output : null,
    reasoning: total.unknownReasoning === 0 ? reasoning : null,
    costMicroUsd: total.unknownCost === 0 ? costMicroUsd : null,
  };
}
