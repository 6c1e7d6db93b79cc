import { describe, expect, it } from "vitest";
import { formatCost, formatCount, formatDuration } from "../../src/text/quantities.ts";

describe("quantities", () => {
  it.each([
    [0, "0"],
    [310, "310"],
    [999, "999"],
    [1000, "1.0k"],
    [12_400, "12.4k"],
    [99_960, "100k"],
    [999_600, "1.0M"],
    [9_100_000, "9.1M"],
    [2_500_000_000, "2.5G"],
  ])("writes the count %i as %s", (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it.each([
    [0, "$0.00"],
    [4200, "$0.0042"],
    [10_000, "$0.01"],
    [3_420_000, "$3.42"],
  ])("writes %i millionths as %s", (cost, text) => {
    expect(formatCost(cost)).toBe(text);
  });

  it.each([
    [-5, "0.0s"],
    [40, "0.0s"],
    [3100, "3.1s"],
    [59_960, "1m00s"],
    [252_000, "4m12s"],
    [3_599_600, "1h00m"],
    [7_500_000, "2h05m"],
  ])("writes %i milliseconds as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
