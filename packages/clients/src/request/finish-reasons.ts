import type { FinishReason } from "@rlmflow/core";

/** The meaning of a server's word for the end of a reply; `broken` stands for a failure. */
export type ReplyEnd = FinishReason | "broken";

/** Words of the APIs and of servers that imitate them, in lower case. The last column names the sources. */
const ENDS: readonly (readonly [ReplyEnd, readonly string[], string])[] = [
  [
    "stop",
    [
      "stop",
      "end_turn",
      "stop_sequence",
      "eos",
      "eos_token",
      "end",
      "complete",
      "completed",
      "finished",
      "done",
    ],
    "OpenAI, Anthropic, TGI eos_token, Cohere COMPLETE, Gemini STOP, Together eos",
  ],
  [
    "length",
    [
      "length",
      "max_tokens",
      "max_output_tokens",
      "max_completion_tokens",
      "max_length",
      "model_length",
      "token_limit",
      "error_limit",
      "model_context_window_exceeded",
      "context_length_exceeded",
      "incomplete",
    ],
    "OpenAI, Anthropic, Gemini MAX_TOKENS, Mistral model_length, Cohere ERROR_LIMIT, Z.ai mozilla-ai/any-llm#1204",
  ],
  [
    "filtered",
    [
      "content_filter",
      "content_filtered",
      "sensitive",
      "safety",
      "recitation",
      "blocklist",
      "prohibited_content",
      "spii",
      "guardrail_intervened",
      "error_toxic",
      "image_safety",
    ],
    "OpenAI, Z.ai, Gemini, Bedrock, Cohere",
  ],
  ["refused", ["refusal", "refused"], "Anthropic"],
  // A tool was called although none is offered, a turn was paused, a call was malformed: a retry would get the same.
  [
    "other",
    [
      "tool_calls",
      "function_call",
      "tool_use",
      "tool_call",
      "pause_turn",
      "malformed_function_call",
      "unexpected_tool_call",
      "malformed_tool_use",
      "malformed_model_output",
    ],
    "OpenAI, Anthropic, Gemini agentjido/req_llm#935, Bedrock",
  ],
];

const MEANING: ReadonlyMap<string, ReplyEnd> = new Map(
  ENDS.flatMap(([end, words]) => words.map((word) => [word, end] as const)),
);
/** vLLM's abort (vllm-project/vllm#57082), Z.ai's network_error, DeepSeek's insufficient_system_resource, OpenRouter's error. */
const BROKEN =
  /error|abort|cancel|interrupt|time_?out|insufficient|unavailable|overload|fail|disconnect|preempt|evict|shutdown/;

/**
 * What the word means. An unknown word ends the reply as `other`: its text is used, but the reply does not count as
 * complete where that matters. A word for a failure is `broken`.
 */
export function replyEnd(word: string): ReplyEnd {
  const plain = word.toLowerCase().replaceAll(/[\s-]+/g, "_");
  return MEANING.get(plain) ?? (BROKEN.test(plain) ? "broken" : "other");
}
