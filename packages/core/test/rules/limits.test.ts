import { describe, expect, test } from "vitest";
import { configProblems, resolveConfig, rootConfig } from "../../src/rules/limits.ts";

describe("a configuration", () => {
  test("has the defaults of the documentation", () => {
    expect(resolveConfig()).toEqual({
      maxDepth: 5,
      maxIterations: 30,
      childMaxIterations: 10,
      maxTotalTokens: null,
      maxCostUsd: null,
      maxDurationMs: null,
      maxAgents: 1000,
      maxChildren: 64,
      maxConcurrency: 16,
      maxOutputLength: 12_000,
      maxMessages: null,
      maxOutputTokens: 8192,
      maxLiveRepls: 64,
      maxRetries: 5,
    });
  });

  test.each([
    [1, 2],
    [5, 2],
    [9, 3],
    [100, 33],
  ])("with %i replies for the root gives children %i", (maxIterations, childMaxIterations) => {
    expect(resolveConfig({ maxIterations }).childMaxIterations).toBe(childMaxIterations);
  });

  test("gives the root its limits, frozen", () => {
    const config = rootConfig(resolveConfig({ maxTotalTokens: 7 }), "fast", "docker");
    expect(config).toMatchObject({ model: "fast", runtime: "docker", maxTotalTokens: 7, maxDepth: 5 });
    expect(Object.isFrozen(config)).toBe(true);
    expect(config).not.toHaveProperty("maxConcurrency");
  });

  test("names every fault", () => {
    const problems = configProblems({ maxDepth: -1, maxIterations: 0, maxCostUsd: Number.NaN, maxTurns: 2 });
    expect(problems).toHaveLength(4);
    expect(problems[0]).toBe("config.maxDepth must be a whole number of at least 0, not -1");
    expect(problems[2]).toBe(
      "config.maxCostUsd must be a number of at least 0, or null for no limit, not NaN",
    );
    expect(problems[3]).toContain(
      "config.maxTurns is not an option; the options are maxDepth, maxIterations",
    );
  });

  test.each([
    ["maxDepth", 1.5],
    ["maxDepth", null],
    ["maxDepth", "3"],
    ["maxTotalTokens", 0],
    ["maxDurationMs", Number.POSITIVE_INFINITY],
    ["maxConcurrency", 0],
    ["maxLiveRepls", 0],
    ["maxOutputLength", 199],
    ["constructor", 1],
  ])("refuses %s = %s", (name, value) => {
    expect(configProblems({ [name]: value })).toHaveLength(1);
  });

  test("takes what is in bounds, and what is not given", () => {
    expect(configProblems({ maxDepth: 0, maxTotalTokens: null, maxCostUsd: 0, maxRetries: 0 })).toEqual([]);
    expect(configProblems({ maxDepth: undefined })).toEqual([]);
  });
});
