import { RLMError } from "@rlmflow/core";
import {
  oneOf,
  type ReadValue,
  readCount,
  readDollars,
  readDuration,
  readPrice,
  wholeNumber,
} from "./option-values.ts";

/** The options of `rlmflow run` as they are typed. */
export interface RunFlags {
  readonly model?: string;
  readonly provider?: string;
  readonly baseUrl?: string;
  readonly apiKeyEnv?: string;
  readonly apiKey?: string | true;
  readonly price?: string;
  readonly context?: readonly string[];
  readonly dir?: string;
  readonly runtime?: string;
  readonly output?: string;
  readonly maxDepth?: string;
  readonly maxIterations?: string;
  readonly maxTokens?: string;
  readonly maxCost?: string;
  readonly maxDuration?: string;
  readonly maxAgents?: string;
  readonly maxConcurrency?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly plain?: boolean;
  readonly progress?: string | false;
  readonly color?: string;
}

/** The environment variables of the process, of which a few are read. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** How progress is shown on stderr. */
export type ProgressKind = "auto" | "plain" | "json" | "none";

/** The options of `rlmflow run`, each known to be usable as far as it can be told without reading a file. */
export interface RunOptions {
  readonly query: string;
  readonly model: string;
  readonly provider: "openai" | "anthropic";
  readonly baseUrl: string | null;
  readonly apiKeyVariable: string | null;
  readonly price: { readonly input: number; readonly output: number } | null;
  readonly contextFiles: readonly string[];
  /** The workspace that keeps the run. */
  readonly dir: string;
  readonly runtime: "isolated" | "local";
  readonly outputFile: string | null;
  readonly limits: RunLimits;
  readonly json: boolean;
  readonly progress: ProgressKind;
  readonly color: "auto" | "always" | "never";
}

/** Limits that were asked for; what is absent is the engine's default. */
export interface RunLimits {
  readonly maxDepth?: number;
  readonly maxIterations?: number;
  readonly maxTotalTokens?: number;
  readonly maxCostUsd?: number;
  readonly maxDurationMs?: number;
  readonly maxAgents?: number;
  readonly maxConcurrency?: number;
}

const KEY_VARIABLES = { openai: "OPENAI_API_KEY", anthropic: "ANTHROPIC_API_KEY" } as const;

/**
 * Checks the options and completes them. Throws one `invalid_options` that names everything that is wrong, with
 * what is known to be wrong with the files that they name.
 */
export function readRunOptions(
  words: readonly string[],
  flags: RunFlags,
  variables: Variables,
  fileProblems: readonly string[] = [],
): RunOptions {
  const problems: string[] = [];
  const read = <T>(
    name: string,
    text: string | undefined,
    value: ReadValue<T>,
    expects: string,
  ): T | undefined => {
    if (text === undefined) return undefined;
    const found = value(text);
    if (found === null) problems.push(`${name} must be ${expects}, not ${JSON.stringify(text)}`);
    return found ?? undefined;
  };
  const model = flags.model?.trim() || variables.RLMFLOW_MODEL?.trim() || "";
  const guessed = /^claude/i.test(model) ? "anthropic" : "openai";
  const provider =
    read("--provider", flags.provider, oneOf(["openai", "anthropic"]), "openai or anthropic") ?? guessed;
  const options: RunOptions = {
    query: readQuery(words, flags, problems),
    model,
    provider,
    baseUrl: read("--base-url", flags.baseUrl, readUrl, "an http or https address") ?? null,
    apiKeyVariable: flags.apiKeyEnv ?? null,
    price:
      read("--price", flags.price, readPrice, "dollars per million tokens of input and output like 2.5/10") ??
      null,
    contextFiles: flags.context ?? [],
    dir: flags.dir ?? ".",
    runtime:
      read("--runtime", flags.runtime, oneOf(["isolated", "local"]), "isolated or local") ?? "isolated",
    outputFile: flags.output ?? null,
    limits: readLimits(flags, read),
    json: flags.json === true,
    progress: readProgress(flags, read),
    color:
      read("--color", flags.color, oneOf(["auto", "always", "never"]), "auto, always or never") ?? "auto",
  };
  problems.push(...missingModel(options, flags), ...missingKey(options, flags, variables), ...fileProblems);
  if (problems.length === 0) return options;
  throw new RLMError("invalid_options", problems.map((problem) => `- ${problem}`).join("\n"), {
    details: { problems },
  });
}

type Read = <T>(
  name: string,
  text: string | undefined,
  value: ReadValue<T>,
  expects: string,
) => T | undefined;

function readQuery(words: readonly string[], flags: RunFlags, problems: string[]): string {
  const query = words[0] ?? "";
  if (words.length > 1) problems.push(`one query is taken, not ${words.length}: put it in quotes`);
  if (query.trim() === "") {
    const hint = flags.context === undefined ? "" : ", before --context, which takes every word after it";
    problems.push(`a query is needed: rlmflow run "What is …?"${hint}`);
  }
  return query;
}

function readLimits(flags: RunFlags, read: Read): RunLimits {
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
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function readProgress(flags: RunFlags, read: Read): ProgressKind {
  if (flags.progress === false) return "none";
  const asked = read("--progress", flags.progress, oneOf(["auto", "plain", "json"]), "auto, plain or json");
  if (asked !== undefined) return asked;
  if (flags.quiet === true) return "none";
  return flags.plain === true ? "plain" : "auto";
}

function missingModel(options: RunOptions, flags: RunFlags): readonly string[] {
  const problems: string[] = [];
  if (options.model === "") problems.push("a model is needed: pass --model or set RLMFLOW_MODEL");
  if (options.limits.maxCostUsd !== undefined && flags.price === undefined) {
    problems.push("--max-cost needs to know what tokens cost: pass --price like 2.5/10");
  }
  return problems;
}

function missingKey(options: RunOptions, flags: RunFlags, variables: Variables): readonly string[] {
  const standard = KEY_VARIABLES[options.provider];
  if (flags.apiKey !== undefined) {
    return [
      `there is no --api-key: other programs can read a command line, and shells keep it. Set ${standard}, or name another variable with --api-key-env`,
    ];
  }
  const variable = options.apiKeyVariable ?? (flags.baseUrl === undefined ? standard : null);
  if (variable === null || options.model === "") return [];
  if (variables[variable]?.trim()) return [];
  return [`the environment variable ${variable} is not set: it holds the key for ${options.model}`];
}

function readUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === "http:" || url?.protocol === "https:" ? text : null;
}
