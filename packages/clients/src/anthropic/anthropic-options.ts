import {
  checkOptions,
  flag,
  headerTable,
  isTable,
  type OptionRule,
  oneOf,
  requiredText,
  text,
  tokens,
  webAddress,
} from "../request/option-rules.ts";
import { REQUEST_LIMIT_RULES, type RequestLimitOptions } from "../request/request-limits.ts";

/** Whether a model thinks before it answers, and with how many tokens at most (1,024 or more). */
export type Thinking = "adaptive" | "disabled" | { readonly budgetTokens: number };

/** How much effort a model puts into a reply. */
export type Effort = "low" | "medium" | "high" | "xhigh" | "max";

/** Options of `anthropicClient`. */
export interface AnthropicClientOptions extends RequestLimitOptions {
  readonly model: string;
  /** Default: the environment variable named by `apiKeyVariable`. */
  readonly apiKey?: string;
  /** Default `ANTHROPIC_API_KEY`, and none at all when `baseURL` is given. */
  readonly apiKeyVariable?: string;
  /** Any server that has `/v1/messages` below this. It gets a placeholder for a key unless one is named. */
  readonly baseURL?: string;
  /** Headers sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Upper bound on output tokens, thinking included; a caller may ask for less. Default 16,000. */
  readonly maxOutputTokens?: number;
  readonly thinking?: Thinking;
  readonly effort?: Effort;
  /** False for models without structured output; a schema is then ignored. Default true. */
  readonly structuredOutput?: boolean;
  /** Marks the system prompt and the end of an agent's conversation for the provider's cache. Default true. */
  readonly promptCaching?: boolean;
}

/** The fewest tokens of thinking the API takes. */
export const LEAST_THINKING = 1024;

const thinking: OptionRule = {
  expects: `"adaptive", "disabled" or { budgetTokens } of at least ${LEAST_THINKING}`,
  accepts(value) {
    const budget = isTable(value) ? value.budgetTokens : undefined;
    return (
      value === "adaptive" ||
      value === "disabled" ||
      (tokens.accepts(budget) && Number(budget) >= LEAST_THINKING)
    );
  },
};

/** Throws `invalid_options` unless the options can be used. */
export function checkAnthropicOptions(options: AnthropicClientOptions): void {
  checkOptions("anthropicClient", options, {
    ...REQUEST_LIMIT_RULES,
    model: requiredText,
    apiKey: text,
    apiKeyVariable: text,
    baseURL: webAddress,
    headers: headerTable,
    maxOutputTokens: tokens,
    thinking,
    effort: oneOf(["low", "medium", "high", "xhigh", "max"]),
    structuredOutput: flag,
    promptCaching: flag,
  });
}
