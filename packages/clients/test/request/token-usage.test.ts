import { describe, expect, test } from "vitest";
import { chatUsage, usageOf } from "../../src/openai/chat-reply.ts";

const TEXT = { any: true, reasoning: false };
const counts = (usage: unknown, written = TEXT) => {
  const { input, cached, output, reasoning } = chatUsage(usage, written);
  return [input, cached, output, reasoning];
};

describe("a report of usage is exact or unknown", () => {
  test.each<[string, object, readonly (number | null)[]]>([
    [
      "all zeros beside text",
      { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      [null, null, null, null],
    ],
    ["no output beside text", { prompt_tokens: 9, completion_tokens: 0 }, [9, null, null, null]],
    ["only a total", { total_tokens: 21 }, [null, null, null, null]],
    ["a total of zero", { prompt_tokens: 9, completion_tokens: 3, total_tokens: 0 }, [9, null, 3, null]],
    [
      "a total that is too small",
      { prompt_tokens: 9, completion_tokens: 3, total_tokens: 10 },
      [null, null, null, null],
    ],
    ["numbers as text", { prompt_tokens: "9", completion_tokens: "3" }, [null, null, null, null]],
    [
      "negative numbers and fractions",
      { prompt_tokens: -9, completion_tokens: 3.5 },
      [null, null, null, null],
    ],
    ["not a number", { prompt_tokens: Number.NaN, completion_tokens: 1e300 }, [null, null, null, null]],
    ["the other names", { input_tokens: 11, output_tokens: 5, total_tokens: 16 }, [11, null, 5, null]],
    [
      "the other names, with details",
      {
        input_tokens: 11,
        output_tokens: 5,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens_details: { reasoning_tokens: 2 },
      },
      [11, 4, 5, 2],
    ],
    [
      "DeepSeek's cache",
      { prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 90, prompt_cache_miss_tokens: 10 },
      [100, 90, 5, null],
    ],
    ["Moonshot's cache", { prompt_tokens: 100, completion_tokens: 5, cached_tokens: 64 }, [100, 64, 5, null]],
    [
      "a cache of zero beside a real one",
      {
        prompt_tokens: 100,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 0 },
        prompt_cache_hit_tokens: 90,
      },
      [100, 90, 5, null],
    ],
    [
      "reasoning within the output",
      {
        prompt_tokens: 500,
        completion_tokens: 500,
        total_tokens: 1000,
        completion_tokens_details: { reasoning_tokens: 200 },
      },
      [500, null, 500, 200],
    ],
    [
      "reasoning beside the output",
      {
        prompt_tokens: 10,
        completion_tokens: 20,
        total_tokens: 60,
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      [10, null, 50, 30],
    ],
    [
      "thoughts that only the total counts",
      { prompt_tokens: 10, completion_tokens: 20, total_tokens: 60 },
      [10, null, 50, null],
    ],
    [
      "more reasoning than output, and no total",
      { prompt_tokens: 10, completion_tokens: 20, completion_tokens_details: { reasoning_tokens: 30 } },
      [10, null, null, 30],
    ],
    [
      "a cache beside the input",
      { prompt_tokens: 10, completion_tokens: 20, total_tokens: 120, cache_read_input_tokens: 90 },
      [100, 90, 20, null],
    ],
    [
      "more from the cache than input, and no total",
      { prompt_tokens: 10, completion_tokens: 20, cache_read_input_tokens: 90 },
      [null, 90, 20, null],
    ],
    [
      "a total that nothing explains",
      {
        prompt_tokens: 10,
        completion_tokens: 20,
        total_tokens: 99,
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      [10, null, null, 5],
    ],
    [
      "null everywhere",
      { prompt_tokens: null, completion_tokens: null, prompt_tokens_details: null },
      [null, null, null, null],
    ],
  ])("%s", (_name, usage, expected) => {
    expect(counts(usage)).toEqual(expected);
  });

  test("no output where nothing was written, and no reasoning where some was", () => {
    expect(counts({ prompt_tokens: 9, completion_tokens: 0 }, { any: false, reasoning: false })).toEqual([
      9,
      null,
      0,
      null,
    ]);
    const usage = {
      prompt_tokens: 9,
      completion_tokens: 3,
      completion_tokens_details: { reasoning_tokens: 0 },
    };
    expect(counts(usage, { any: true, reasoning: true })).toEqual([9, null, 3, null]);
    expect(counts(usage)).toEqual([9, null, 3, 0]);
  });

  test.each([
    [{ cost: 0.0012345 }, 1235],
    [{ cost: 0 }, 0],
    [{ cost: -1 }, null],
    [{ cost: { total: 1 } }, null],
    [{ cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } }, 21_000],
    [{ cost: 0.001, is_byok: true }, null],
  ])("a cost, %j, as %s", (usage, cost) => {
    expect(chatUsage(usage, TEXT).costMicroUsd).toBe(cost);
  });
});

test("usage is found wherever servers put it, placeholders left out", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2 };
  const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  expect(usageOf({ usage }, {})).toBe(usage);
  expect(usageOf({ usage: null }, { usage })).toBe(usage);
  expect(usageOf({ usage: zeros, x_groq: { usage } }, {})).toBe(usage);
  for (const nothing of [undefined, null, {}, zeros, "usage", []]) {
    expect(usageOf({ usage: nothing }, {})).toBeUndefined();
  }
});
