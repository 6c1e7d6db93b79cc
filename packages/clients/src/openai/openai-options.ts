import {
  checkOptions,
  flag,
  headerTable,
  oneOf,
  requiredText,
  table,
  text,
  tokens,
  webAddress,
} from "../request/option-rules.ts";
import { REQUEST_LIMIT_RULES, type RequestLimitOptions } from "../request/request-limits.ts";

/** How much a reasoning model may think. */
export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/** The ways in which servers spell the bound on output tokens. */
export type TokenLimitField = "max_completion_tokens" | "max_tokens";

/** Options of `openaiClient`. */
export interface OpenAIClientOptions extends RequestLimitOptions {
  readonly model: string;
  /** Default: the environment variable named by `apiKeyVariable`. */
  readonly apiKey?: string;
  /** Default `OPENAI_API_KEY`, and none at all when `baseURL` is given. */
  readonly apiKeyVariable?: string;
  /** Any server that has `/chat/completions` below this. It gets a placeholder for a key unless one is named. */
  readonly baseURL?: string;
  /** Headers sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** From `high` upwards the default of `idleTimeoutMs` is 300,000: the API is silent while a model thinks. */
  readonly reasoningEffort?: ReasoningEffort;
  /** Upper bound on output tokens; a caller may ask for less, never for more. */
  readonly maxOutputTokens?: number;
  /** Default `max_completion_tokens`; older servers know only `max_tokens`. */
  readonly tokenLimitField?: TokenLimitField;
  /** False for servers that refuse `response_format`; a schema is then ignored. Default true. */
  readonly structuredOutput?: boolean;
  /** Fields added to the body of each request, in place of this client's own where the names agree. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
}

/** Throws `invalid_options` unless the options can be used. */
export function checkOpenAIOptions(options: OpenAIClientOptions): void {
  checkOptions("openaiClient", options, {
    ...REQUEST_LIMIT_RULES,
    model: requiredText,
    apiKey: text,
    apiKeyVariable: text,
    baseURL: webAddress,
    headers: headerTable,
    reasoningEffort: oneOf(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    maxOutputTokens: tokens,
    tokenLimitField: oneOf(["max_completion_tokens", "max_tokens"]),
    structuredOutput: flag,
    extraBody: table,
  });
}
