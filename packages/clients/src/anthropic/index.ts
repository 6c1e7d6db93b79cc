export { anthropicClient } from "./anthropic-client.ts";
export type { AnthropicClientOptions, Effort, Thinking } from "./anthropic-options.ts";
