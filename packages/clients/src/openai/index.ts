export type { RequestLimitOptions } from "../request/request-limits.ts";
export { openaiClient } from "./openai-client.ts";
export type { OpenAIClientOptions, ReasoningEffort, TokenLimitField } from "./openai-options.ts";
