import { RLMError } from "@rlmflow/core";
import { describe, expect, it } from "vitest";
import { type RunFlags, readRunOptions, type Variables } from "../../src/options/run-options.ts";

const KEYS: Variables = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k" };

function read(flags: RunFlags, words: readonly string[] = ["q"], variables: Variables = KEYS) {
  return readRunOptions(words, flags, variables);
}

function problemsOf(flags: RunFlags, words: readonly string[] = ["q"], variables: Variables = KEYS): string {
  try {
    read(flags, words, variables);
  } catch (error) {
    if (RLMError.is(error, "invalid_options")) return error.message;
    throw error;
  }
  throw new Error("the options were taken");
}

describe("readRunOptions", () => {
  it("takes a query and a model and nothing else", () => {
    expect(read({ model: "gpt-x" })).toEqual({
      query: "q",
      model: "gpt-x",
      provider: "openai",
      baseUrl: null,
      apiKeyVariable: null,
      price: null,
      contextFiles: [],
      files: "none",
      dir: ".",
      runtime: "isolated",
      language: "javascript",
      image: null,
      outputFile: null,
      limits: {},
      json: false,
      progress: "auto",
      color: "auto",
    });
  });

  it("reads every limit", () => {
    const limits = read({
      model: "m",
      price: "2.5/10",
      maxDepth: "0",
      maxIterations: "7",
      maxTokens: "1.5M",
      maxCost: "$2.50",
      maxDuration: "1h30m",
      maxAgents: "2k",
      maxConcurrency: "8",
    }).limits;
    expect(limits).toEqual({
      maxDepth: 0,
      maxIterations: 7,
      maxTotalTokens: 1_500_000,
      maxCostUsd: 2.5,
      maxDurationMs: 5_400_000,
      maxAgents: 2000,
      maxConcurrency: 8,
    });
  });

  it.each([
    ["claude-sonnet-5", undefined, "anthropic"],
    ["Claude-x", undefined, "anthropic"],
    ["gpt-x", undefined, "openai"],
    ["anthropic/claude-x", undefined, "openai"],
    ["claude-x", "openai", "openai"],
  ])("asks for %s, provider %s, at %s", (model, provider, expected) => {
    expect(read({ model, ...(provider !== undefined && { provider }) }).provider).toBe(expected);
  });

  it("takes the model from the environment when no flag names one", () => {
    expect(read({}, ["q"], { ...KEYS, RLMFLOW_MODEL: "m" }).model).toBe("m");
    expect(read({ model: "n" }, ["q"], { ...KEYS, RLMFLOW_MODEL: "m" }).model).toBe("n");
  });

  it.each([
    ["45", 45_000],
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
  ])("reads the duration %s", (maxDuration, ms) => {
    expect(read({ model: "m", maxDuration }).limits.maxDurationMs).toBe(ms);
  });

  it.each<[RunFlags, string]>([
    [{}, "auto"],
    [{ quiet: true }, "none"],
    [{ progress: false }, "none"],
    [{ plain: true }, "plain"],
    [{ quiet: true, progress: "json" }, "json"],
  ])("chooses the progress of %j", (flags, progress) => {
    expect(read({ model: "m", ...flags }).progress).toBe(progress);
  });

  it("names everything that is wrong at once", () => {
    const message = problemsOf(
      {
        maxDepth: "-1",
        maxTokens: "many",
        runtime: "vm",
        progress: "fancy",
        baseUrl: "ftp://x",
        color: "red",
      },
      [],
      {},
    );
    expect(message.split("\n")).toEqual([
      '- a query is needed: rlmflow run "What is …?"',
      '- --base-url must be an http or https address, not "ftp://x"',
      '- --runtime must be isolated, local, subprocess, docker or modal, not "vm"',
      '- --max-depth must be a whole number, not "-1"',
      '- --max-tokens must be a number above 0 like 200k or 1.5M, not "many"',
      '- --progress must be auto, plain or json, not "fancy"',
      '- --color must be auto, always or never, not "red"',
      "- a model is needed: pass --model or set RLMFLOW_MODEL",
    ]);
  });

  it.each(["0", "-1", "1e3", "x", "", "9".repeat(30), "0x10", "1 "])(
    "refuses %j as a number of tokens",
    (maxTokens) => {
      expect(problemsOf({ model: "m", maxTokens })).toContain("--max-tokens must be");
    },
  );

  it.each(["0", "h", "", "5 m", "-3s", "1d"])("refuses %j as a duration", (maxDuration) => {
    expect(problemsOf({ model: "m", maxDuration })).toContain("--max-duration must be");
  });

  it.each<[RunFlags, string]>([
    [{ language: "python" }, "--runtime isolated runs JavaScript only: for --language python pass"],
    [{ language: "python", runtime: "local" }, "--runtime local runs JavaScript only"],
    [{ language: "ruby" }, '--language must be javascript or python, not "ruby"'],
    [
      { runtime: "docker", image: "Bad Name" },
      '--image must be the name of an image, for example node:24-slim, not "Bad Name"',
    ],
    [
      { runtime: "modal", image: "" },
      '--image must be the name of an image, for example node:24-slim, not ""',
    ],
    [{ image: "node:24" }, "--image is for --runtime docker or modal; isolated has no images"],
  ])("refuses the sandbox of %j", (flags, problem) => {
    expect(problemsOf({ model: "m", ...flags })).toContain(problem);
  });

  it("says why there is no --api-key", () => {
    expect(problemsOf({ model: "m", apiKey: "sk-1" })).toContain("there is no --api-key");
    expect(problemsOf({ model: "m", apiKey: "sk-1" })).not.toContain("sk-1");
    expect(problemsOf({ model: "claude-x", apiKey: true })).toContain("ANTHROPIC_API_KEY");
  });

  it("asks for the key that the provider needs, and for none where the server is named", () => {
    expect(problemsOf({ model: "m" }, ["q"], {})).toContain("OPENAI_API_KEY is not set");
    expect(problemsOf({ model: "claude-x" }, ["q"], { OPENAI_API_KEY: "k" })).toContain(
      "ANTHROPIC_API_KEY is not set",
    );
    expect(read({ model: "m", baseUrl: "http://127.0.0.1:1/v1" }, ["q"], {}).apiKeyVariable).toBeNull();
    const named = { model: "m", baseUrl: "http://127.0.0.1:1/v1", apiKeyEnv: "MY_KEY" };
    expect(problemsOf(named, ["q"], {})).toContain("MY_KEY is not set");
    expect(read(named, ["q"], { MY_KEY: "k" }).apiKeyVariable).toBe("MY_KEY");
  });

  it("refuses a limit on the cost where the price is not known", () => {
    expect(problemsOf({ model: "m", maxCost: "2" })).toContain("pass --price");
  });

  it("points at the quotes when the query is several words, and at --context when that took it", () => {
    expect(problemsOf({ model: "m" }, ["What", "is", "it?"])).toContain(
      "one query is taken, not 3: put it in quotes",
    );
    expect(problemsOf({ model: "m", context: ["a", "q"] }, [])).toContain("before --context");
  });
});
