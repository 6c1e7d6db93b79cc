export type { JsonObject, JsonSchema, JsonValue } from "./data/json.ts";
export { deepFreeze, isJsonObject } from "./data/json.ts";
export type { FinishReason, RequestFailure } from "./data/node.ts";
export type { Usage, UsageTotal } from "./data/usage.ts";
export { addUsage, mergeUsage, UNKNOWN_USAGE, ZERO_USAGE } from "./data/usage.ts";
export type { RLMErrorCode, RLMErrorOptions } from "./errors.ts";
export { RLMError } from "./errors.ts";
export type { ChatOptions, Client, Message, Reply, RequestFailureDetails } from "./protocols/client.ts";
export type { Environment } from "./protocols/environment.ts";
