/** What a request, an agent or a run consumed. `null` stands for unknown and is never written as 0. */
export interface Usage {
  /** Input tokens, those read from a provider's cache included. */
  readonly input: number | null;
  /** Input tokens read from a provider's cache. */
  readonly cached: number | null;
  /** Output tokens, reasoning included. */
  readonly output: number | null;
  /** Output tokens spent on reasoning. */
  readonly reasoning: number | null;
  /** Cost in millionths of a US dollar, an integer. */
  readonly costMicroUsd: number | null;
}

/** A sum of usages: the known parts added up, and how many summands did not know theirs. */
export interface UsageTotal {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
  readonly costMicroUsd: number;
  /** Requests that were made, failed ones and sub-LLM queries included. */
  readonly requests: number;
  /** Requests whose tokens are unknown (cut before the provider reported any). */
  readonly unknownTokens: number;
  /** Requests whose cost is unknown (no price known for the model). */
  readonly unknownCost: number;
  /** Requests of which nobody said how much came from a cache. */
  readonly unknownCached: number;
  /** Requests of which nobody said how much was reasoning. */
  readonly unknownReasoning: number;
}

/** Nothing is known. */
export const UNKNOWN_USAGE: Usage = Object.freeze({
  input: null,
  cached: null,
  output: null,
  reasoning: null,
  costMicroUsd: null,
});

/** The empty sum. */
export const ZERO_USAGE: UsageTotal = Object.freeze({
  input: 0,
  cached: 0,
  output: 0,
  reasoning: 0,
  costMicroUsd: 0,
  requests: 0,
  unknownTokens: 0,
  unknownCost: 0,
  unknownCached: 0,
  unknownReasoning: 0,
});

/** The total with one more request's usage in it. */
export function addUsage(total: UsageTotal, usage: Usage): UsageTotal {
  return {
    input: total.input + (usage.input ?? 0),
    cached: total.cached + (usage.cached ?? 0),
    output: total.output + (usage.output ?? 0),
    reasoning: total.reasoning + (usage.reasoning ?? 0),
    costMicroUsd: total.costMicroUsd + (usage.costMicroUsd ?? 0),
    requests: total.requests + 1,
    unknownTokens: total.unknownTokens + (usage.input === null || usage.output === null ? 1 : 0),
    unknownCost: total.unknownCost + (usage.costMicroUsd === null ? 1 : 0),
    unknownCached: total.unknownCached + (usage.cached === null ? 1 : 0),
    unknownReasoning: total.unknownReasoning + (usage.reasoning === null ? 1 : 0),
  };
}

/** Two totals as one. */
export function mergeUsage(a: UsageTotal, b: UsageTotal): UsageTotal {
  return {
    input: a.input + b.input,
    cached: a.cached + b.cached,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    costMicroUsd: a.costMicroUsd + b.costMicroUsd,
    requests: a.requests + b.requests,
    unknownTokens: a.unknownTokens + b.unknownTokens,
    unknownCost: a.unknownCost + b.unknownCost,
    unknownCached: a.unknownCached + b.unknownCached,
    unknownReasoning: a.unknownReasoning + b.unknownReasoning,
  };
}
