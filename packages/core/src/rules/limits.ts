import type { AgentConfig } from "../data/agent-config.ts";

/** What a user may set about a run as a whole. Absent means the default. */
export interface RunConfig {
  /** Levels of agents below the root. Default 5. */
  readonly maxDepth?: number;
  /** Requests the root may make per query, the last being the forced final one. Default 30. */
  readonly maxIterations?: number;
  /** Requests a child may make. Default: a third of `maxIterations`, at least 2. */
  readonly childMaxIterations?: number;
  /** Input and output tokens of the whole run. Default: no limit. */
  readonly maxTotalTokens?: number | null;
  /** US dollars of the whole run; needs a price for every model. Default: no limit. */
  readonly maxCostUsd?: number | null;
  /** Milliseconds per query, on each agent. Default: no limit. */
  readonly maxDurationMs?: number | null;
  /** Agents of the whole run. Default 1,000. */
  readonly maxAgents?: number;
  /** Children one block may delegate to. Default 64. */
  readonly maxChildren?: number;
  /** Model requests in flight at a time. Default 16. */
  readonly maxConcurrency?: number;
  /** Characters of output the model is shown per block. Default 12,000. */
  readonly maxOutputLength?: number;
  /** Messages kept beside the first query. Default: all. */
  readonly maxMessages?: number | null;
  /** Output tokens a request may ask for. Default 8,192. */
  readonly maxOutputTokens?: number;
  /** REPLs alive at a time; beyond that, those of agents that wait for children are closed, and runs wait. Default 64. */
  readonly maxLiveRepls?: number;
  /** How often a request that failed in a passing way is made again. Default 5. */
  readonly maxRetries?: number;
}

/** A {@link RunConfig} with every default filled in. */
export type ResolvedRunConfig = Required<RunConfig>;

const BOUNDS: Record<
  keyof RunConfig,
  { readonly least: number; readonly whole: boolean; readonly none: boolean }
> = {
  maxDepth: { least: 0, whole: true, none: false },
  maxIterations: { least: 1, whole: true, none: false },
  childMaxIterations: { least: 1, whole: true, none: false },
  maxTotalTokens: { least: 1, whole: true, none: true },
  maxCostUsd: { least: 0, whole: false, none: true },
  maxDurationMs: { least: 1, whole: true, none: true },
  maxAgents: { least: 1, whole: true, none: false },
  maxChildren: { least: 0, whole: true, none: false },
  maxConcurrency: { least: 1, whole: true, none: false },
  maxOutputLength: { least: 200, whole: true, none: false },
  maxMessages: { least: 1, whole: true, none: true },
  maxOutputTokens: { least: 16, whole: true, none: false },
  maxLiveRepls: { least: 1, whole: true, none: false },
  maxRetries: { least: 0, whole: true, none: false },
};

/** Every fault of a configuration, each as a sentence that names the option. Empty when there is none. */
export function configProblems(config: object): readonly string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(config)) {
    const bound = Object.hasOwn(BOUNDS, name) ? BOUNDS[name as keyof RunConfig] : undefined;
    if (bound === undefined)
      problems.push(`config.${name} is not an option; the options are ${Object.keys(BOUNDS).join(", ")}`);
    else if (value !== undefined && !fits(value, bound)) {
      const kind = bound.whole ? "a whole number" : "a number";
      problems.push(
        `config.${name} must be ${kind} of at least ${bound.least}${bound.none ? ", or null for no limit" : ""}, not ${String(value)}`,
      );
    }
  }
  return problems;
}

function fits(
  value: unknown,
  bound: { readonly least: number; readonly whole: boolean; readonly none: boolean },
): boolean {
  if (value === null) return bound.none;
  return (
    typeof value === "number" &&
    Number.isFinite(value) &&
    value >= bound.least &&
    (!bound.whole || Number.isInteger(value))
  );
}

/** The configuration with its defaults. The options were checked before. */
export function resolveConfig(config: RunConfig = {}): ResolvedRunConfig {
  const maxIterations = config.maxIterations ?? 30;
  return Object.freeze({
    maxDepth: config.maxDepth ?? 5,
    maxIterations,
    childMaxIterations: config.childMaxIterations ?? Math.max(2, Math.floor(maxIterations / 3)),
    maxTotalTokens: config.maxTotalTokens ?? null,
    maxCostUsd: config.maxCostUsd ?? null,
    maxDurationMs: config.maxDurationMs ?? null,
    maxAgents: config.maxAgents ?? 1000,
    maxChildren: config.maxChildren ?? 64,
    maxConcurrency: config.maxConcurrency ?? 16,
    maxOutputLength: config.maxOutputLength ?? 12_000,
    maxMessages: config.maxMessages ?? null,
    maxOutputTokens: config.maxOutputTokens ?? 8192,
    maxLiveRepls: config.maxLiveRepls ?? 64,
    maxRetries: config.maxRetries ?? 5,
  });
}

/** The limits in force for the root. */
export function rootConfig(config: ResolvedRunConfig, model: string, runtime: string): AgentConfig {
  return Object.freeze({
    model,
    runtime,
    maxDepth: config.maxDepth,
    maxIterations: config.maxIterations,
    maxTotalTokens: config.maxTotalTokens,
    maxCostUsd: config.maxCostUsd,
    maxDurationMs: config.maxDurationMs,
    maxAgents: config.maxAgents,
    maxChildren: config.maxChildren,
    maxOutputLength: config.maxOutputLength,
    maxMessages: config.maxMessages,
  });
}
