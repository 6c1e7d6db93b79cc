import { isJsonObject, type JsonValue } from "../../data/json.ts";
import type { FinishReason, RequestFailure } from "../../data/node.ts";
import { UNKNOWN_USAGE, type Usage } from "../../data/usage.ts";
import { RLMError } from "../../errors.ts";
import type { Reply, ToolCall } from "../../protocols/client.ts";

/** What a failed request tells about itself. */
export interface Failure {
  readonly reason: RequestFailure;
  readonly message: string;
  readonly retryAfterMs: number;
  readonly usage: Usage;
}

const FINISH_REASONS: readonly FinishReason[] = ["stop", "length", "filtered", "refused", "other"];

const FAILURES: readonly RequestFailure[] = [
  "rate_limit",
  "overloaded",
  "network",
  "timeout",
  "incomplete",
  "authentication",
  "invalid_request",
  "context_too_long",
  "quota",
  "aborted",
  "unknown",
];

/**
 * A client's reply in a copy of its own, as it can be recorded: a reply that was paid for is not lost for an
 * odd finish reason or usage. Throws `request_failed` for one without text.
 */
export function readReply(reply: unknown, model: string): Reply {
  const given: { readonly [K in keyof Reply]?: unknown } = isJsonObject(reply) ? reply : {};
  if (typeof given.text !== "string")
    throw new RLMError(
      "request_failed",
      `The client of ${model} replied without text: ${typeof given.text}.`,
    );
  const toolCalls = readToolCalls(given.toolCalls);
  return {
    text: given.text,
    ...(toolCalls.length > 0 && { toolCalls }),
    finishReason: FINISH_REASONS.find((reason) => reason === given.finishReason) ?? "other",
    usage: readUsage(given.usage),
    model: typeof given.model === "string" ? given.model : model,
  };
}

const MOST_CALLS = 8;
const LONGEST_CALL = 2000;

function readToolCalls(calls: unknown): readonly ToolCall[] {
  if (!Array.isArray(calls)) return [];
  return calls.slice(0, MOST_CALLS).flatMap((call: unknown) => {
    const { name, arguments: text } = isJsonObject(call) ? call : {};
    if (typeof name !== "string" || typeof text !== "string") return [];
    return [{ name: name.slice(0, LONGEST_CALL), arguments: text.slice(0, LONGEST_CALL) }];
  });
}

/** What a client's rejection says; what says nothing is of unknown reason. */
export function readFailure(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const { reason, retryAfterMs, usage } = RLMError.is(error, "request_failed") ? error.details : {};
  return {
    reason: FAILURES.find((known) => known === reason) ?? "unknown",
    message,
    retryAfterMs: typeof retryAfterMs === "number" && Number.isFinite(retryAfterMs) ? retryAfterMs : 0,
    usage: readUsage(usage),
  };
}

function readUsage(usage: unknown): Usage {
  if (!isJsonObject(usage)) return UNKNOWN_USAGE;
  return {
    input: amount(usage.input),
    cached: amount(usage.cached),
    output: amount(usage.output),
    reasoning: amount(usage.reasoning),
    costMicroUsd: amount(usage.costMicroUsd),
  };
}

/** A whole number from 0; a provider that tells anything else has told nothing. */
function amount(value: JsonValue | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? Math.round(value) : null;
}
