import { RLMError } from "@rlmflow/core";
import { type LimitFlags, type RunLimits, readLimits } from "./limit-options.ts";
import { oneOf, optionReader, readPrice } from "./option-values.ts";
import { readViewOptions, type ViewFlags, type ViewOptions } from "./view-options.ts";

/** The options of `rlmflow run` as they are typed. */
export interface RunFlags extends LimitFlags, ViewFlags {
  readonly model?: string;
  readonly provider?: string;
  readonly baseUrl?: string;
  readonly apiKeyEnv?: string;
  readonly apiKey?: string | true;
  readonly price?: string;
  readonly context?: readonly string[];
  readonly dir?: string;
  readonly runtime?: string;
  readonly language?: string;
  readonly image?: string;
  readonly files?: string;
  readonly output?: string;
}

/** The environment variables of the process, of which a few are read. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The options of `rlmflow run`, each known to be usable as far as it can be told without reading a file. */
export interface RunOptions extends ViewOptions {
  readonly query: string;
  readonly model: string;
  readonly provider: "openai" | "anthropic";
  readonly baseUrl: string | null;
  readonly apiKeyVariable: string | null;
  readonly price: { readonly input: number; readonly output: number } | null;
  readonly contextFiles: readonly string[];
  /** The workspace that keeps the run. */
  readonly dir: string;
  readonly runtime: (typeof RUNTIMES)[number];
  /** What agents write. */
  readonly language: (typeof LANGUAGES)[number];
  /** The image of the containers, for runtimes that have some. */
  readonly image: string | null;
  /** What agents may do with the files of the workspace. */
  readonly files: "none" | "read" | "write";
  readonly outputFile: string | null;
  readonly limits: RunLimits;
}

const RUNTIMES = ["isolated", "local", "subprocess", "docker", "modal"] as const;
const LANGUAGES = ["javascript", "python"] as const;
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
  const read = optionReader(problems);
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
      read("--runtime", flags.runtime, oneOf(RUNTIMES), "isolated, local, subprocess, docker or modal") ??
      "isolated",
    language: read("--language", flags.language, oneOf(LANGUAGES), "javascript or python") ?? "javascript",
    image: flags.image ?? null,
    files: read("--files", flags.files, oneOf(["none", "read", "write"]), "none, read or write") ?? "none",
    outputFile: flags.output ?? null,
    limits: readLimits(flags, problems),
    ...readViewOptions(flags, problems),
  };
  problems.push(
    ...missingModel(options, flags),
    ...missingKey(options, flags, variables),
    ...sandboxProblems(options),
    ...fileProblems,
  );
  if (problems.length === 0) return options;
  throw new RLMError("invalid_options", problems.map((problem) => `- ${problem}`).join("\n"), {
    details: { problems },
  });
}

function readQuery(words: readonly string[], flags: RunFlags, problems: string[]): string {
  const query = words[0] ?? "";
  if (words.length > 1) problems.push(`one query is taken, not ${words.length}: put it in quotes`);
  if (query.trim() === "") {
    const hint = flags.context === undefined ? "" : ", before --context, which takes every word after it";
    problems.push(`a query is needed: rlmflow run "What is …?"${hint}`);
  }
  return query;
}

function missingModel(options: RunOptions, flags: RunFlags): readonly string[] {
  const problems: string[] = [];
  if (options.model === "") problems.push("a model is needed: pass --model or set RLMFLOW_MODEL");
  if (options.limits.maxCostUsd !== undefined && flags.price === undefined) {
    problems.push("--max-cost needs to know what tokens cost: pass --price like 2.5/10");
  }
  return problems;
}

/** What the runtime can't do for the language, or with the image. */
function sandboxProblems({ runtime, language, image }: RunOptions): readonly string[] {
  const problems: string[] = [];
  if (language === "python" && (runtime === "isolated" || runtime === "local"))
    problems.push(
      `--runtime ${runtime} runs JavaScript only: for --language python pass --runtime docker, modal, or subprocess for code that is trusted`,
    );
  if (image !== null && !/^\S+$/.test(image))
    problems.push(
      `--image must be the name of an image, for example node:24-slim, not ${JSON.stringify(image)}`,
    );
  if (image !== null && runtime !== "docker" && runtime !== "modal")
    problems.push(`--image is for --runtime docker or modal; ${runtime} has no images`);
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
