import { optionReader, readCount, readDollars, readDuration, wholeNumber } from "./option-values.ts";

/** Limits as they are typed. */
export interface LimitFlags {
  readonly maxDepth?: string;
  readonly maxIterations?: string;
  readonly maxTokens?: string;
  readonly maxCost?: string;
  readonly maxDuration?: string;
  readonly maxAgents?: string;
  readonly maxConcurrency?: string;
  readonly maxRetries?: string;
}

/** Limits that were asked for; what is absent is the engine's default, or stays as it is. */
export interface RunLimits {
  readonly maxDepth?: number;
  readonly maxIterations?: number;
  readonly maxTotalTokens?: number;
  readonly maxCostUsd?: number;
  readonly maxDurationMs?: number;
  readonly maxAgents?: number;
  readonly maxConcurrency?: number;
  readonly maxRetries?: number;
}

/** The limits among the options; what is wrong with one is added to the problems. */
export function readLimits(flags: LimitFlags, problems: string[]): RunLimits {
  const read = optionReader(problems);
  const count = "a number above 0 like 200k or 1.5M";
  const limits = {
    maxDepth: read("--max-depth", flags.maxDepth, wholeNumber(0), "a whole number"),
    maxIterations: read("--max-iterations", flags.maxIterations, wholeNumber(1), "a whole number above 0"),
    maxTotalTokens: read("--max-tokens", flags.maxTokens, readCount, count),
    maxCostUsd: read("--max-cost", flags.maxCost, readDollars, "US dollars above 0 like 2.50"),
    maxDurationMs: read(
      "--max-duration",
      flags.maxDuration,
      readDuration,
      "a time above 0 like 90s, 10m or 1h30m",
    ),
    maxAgents: read("--max-agents", flags.maxAgents, readCount, count),
    maxConcurrency: read("--max-concurrency", flags.maxConcurrency, wholeNumber(1), "a whole number above 0"),
    maxRetries: read("--max-retries", flags.maxRetries, wholeNumber(0), "a whole number"),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
