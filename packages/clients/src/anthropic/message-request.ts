import type { Anthropic } from "@anthropic-ai/sdk";
import type { ChatOptions, Message } from "@rlmflow/core";
import { type AnthropicClientOptions, LEAST_THINKING, type Thinking } from "./anthropic-options.ts";
import { messagePrompt } from "./message-prompt.ts";

type Body = Anthropic.MessageCreateParamsStreaming;

const DEFAULT_OUTPUT_TOKENS = 16_000;

/** The body of a Messages request. A query that is asked once is not worth a place in the cache. */
export function messageRequest(
  options: AnthropicClientOptions,
  messages: readonly Message[],
  chat: ChatOptions,
  format: Anthropic.JSONOutputFormat | undefined,
): Body {
  const caches = options.promptCaching !== false;
  const prompt = messagePrompt(messages, {
    system: caches,
    messages: caches && chat.caller?.purpose !== "query",
  });
  const bound = Math.min(
    options.maxOutputTokens ?? DEFAULT_OUTPUT_TOKENS,
    chat.maxOutputTokens ?? Number.POSITIVE_INFINITY,
  );
  const thinking = options.thinking === undefined ? undefined : thinkingWithin(options.thinking, bound);
  const outputs = {
    ...(options.effort !== undefined && { effort: options.effort }),
    ...(format !== undefined && { format }),
  };
  return {
    model: options.model,
    max_tokens: bound,
    stream: true,
    messages: prompt.messages,
    ...(prompt.system.length > 0 && { system: prompt.system }),
    ...(thinking !== undefined && { thinking }),
    ...(Object.keys(outputs).length > 0 && { output_config: outputs }),
  };
}

/** A budget must leave room for the answer: half of the bound at most, and no thinking where that is too little. */
function thinkingWithin(thinking: Thinking, bound: number): Anthropic.ThinkingConfigParam {
  if (typeof thinking === "string") return { type: thinking };
  const budget = thinking.budgetTokens < bound ? thinking.budgetTokens : Math.floor(bound / 2);
  return budget < LEAST_THINKING ? { type: "disabled" } : { type: "enabled", budget_tokens: budget };
}
