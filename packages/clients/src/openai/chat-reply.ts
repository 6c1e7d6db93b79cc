import { type FinishReason, type Reply, UNKNOWN_USAGE, type Usage } from "@rlmflow/core";
import { member } from "../request/member.ts";
import { reportedCount } from "../request/reported-count.ts";
import { requestFailed } from "../request/request-failure.ts";
import type { ReplyInProgress } from "../request/watched-request.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["content_filter", "filtered"],
  ["tool_calls", "other"],
  ["function_call", "other"],
]);

/** A reply that gathers from the chunks of a Chat Completions stream. */
export interface ChatReply extends ReplyInProgress {
  /** Takes the next chunk and gives the text in it. Nothing about its shape is trusted. */
  add(chunk: unknown): string;
}

/** An empty reply of a model that is called so until the server names it otherwise. */
export function chatReply(requestedModel: string): ChatReply {
  let text = "";
  let model = requestedModel;
  let finish: string | null = null;
  let refused = false;
  let usage = UNKNOWN_USAGE;
  return {
    add(chunk) {
      const named = textAt(chunk, "model");
      if (named !== "") model = named;
      const reported = member(chunk, "usage");
      if (typeof reported === "object" && reported !== null) usage = chatUsage(reported);
      const choice = firstChoice(chunk);
      const reason = textAt(choice, "finish_reason");
      if (reason === "error") throw requestFailed("openai: the model broke off.", { reason: "incomplete" });
      if (reason !== "") finish = reason;
      const delta = member(choice, "delta");
      const refusal = textAt(delta, "refusal");
      if (refusal !== "") refused = true;
      const piece = textAt(delta, "content") + refusal;
      text += piece;
      return piece;
    },
    finished: (): Reply | null =>
      finish === null ? null : { text, finishReason: finishReasonOf(finish, refused), usage, model },
    usage: () => usage,
  };
}

/** What a Chat Completions finish reason means; a model that refused is told apart by its refusal. */
function finishReasonOf(reason: string, refused: boolean): FinishReason {
  return refused ? "refused" : (FINISH_REASONS.get(reason) ?? "other");
}

/** Input tokens contain those read from the cache; `cost` in dollars is what OpenRouter adds. */
function chatUsage(usage: object): Usage {
  const cost = member(usage, "cost");
  const known = typeof cost === "number" && Number.isFinite(cost) && cost >= 0;
  return {
    input: reportedCount(member(usage, "prompt_tokens")),
    cached: reportedCount(member(member(usage, "prompt_tokens_details"), "cached_tokens")),
    output: reportedCount(member(usage, "completion_tokens")),
    reasoning: reportedCount(member(member(usage, "completion_tokens_details"), "reasoning_tokens")),
    costMicroUsd: known ? Math.round(cost * 1_000_000) : null,
  };
}

function firstChoice(chunk: unknown): unknown {
  const choices = member(chunk, "choices");
  return Array.isArray(choices) ? choices.find((choice) => (member(choice, "index") ?? 0) === 0) : undefined;
}

function textAt(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}
