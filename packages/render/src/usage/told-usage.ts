import type { UsageTotal } from "@rlmflow/core";

/** A total as JSON tells it: `null` where no request has said, and how many have not where only some have. */
export interface ToldUsage {
  readonly input: number | null;
  readonly cached: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  /** Millionths of a US dollar. */
  readonly costMicroUsd: number | null;
  readonly requests: number;
  readonly unknownTokens: number;
  readonly unknownCost: number;
  readonly unknownCached: number;
  readonly unknownReasoning: number;
}

/** The total with `null` in place of every sum that no request has a part in. */
export function toldUsage(total: UsageTotal): ToldUsage {
  const sum = (value: number, unknown: number) =>
    total.requests > 0 && unknown >= total.requests ? null : value;
  return {
    ...total,
    input: sum(total.input, total.unknownTokens),
    cached: sum(total.cached, total.unknownCached),
    output: sum(total.output, total.unknownTokens),
    reasoning: sum(total.reasoning, total.unknownReasoning),
    costMicroUsd: sum(total.costMicroUsd, total.unknownCost),
  };
}
