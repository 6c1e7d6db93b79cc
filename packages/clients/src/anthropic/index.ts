export type { RequestLimitOptions } from "../request/request-limits.ts";
export { anthropicClient } from "./anthropic-client.ts";
export type { AnthropicClientOptions, Effort, Thinking } from "./anthropic-options.ts";
