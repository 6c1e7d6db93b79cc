import type { Usage } from "@rlmflow/core";
import { member } from "../request/member.ts";
import { reportedCount } from "../request/reported-count.ts";
import { tokenUsage, type Written } from "../request/token-usage.ts";

/**
 * The usage report of a chunk, from the places in which servers put it: next to the choices, in the first choice
 * (Moonshot), or in a member with the server's name (Groq). `undefined` if there is none.
 */
export function usageOf(chunk: unknown, choice: unknown): unknown {
  const places = [
    member(chunk, "usage"),
    member(choice, "usage"),
    member(member(chunk, "x_groq"), "usage"),
    member(member(chunk, "message"), "usage"),
  ];
  return places.find(reportsAnything);
}

/** False for a report of nothing but zeros, which is a placeholder and must not replace a real one. */
function reportsAnything(usage: unknown): boolean {
  return [inputOf(usage), outputOf(usage), member(usage, "total_tokens")].some(
    (count) => (reportedCount(count) ?? 0) > 0,
  );
}

/** Input tokens contain those read from the cache. */
export function chatUsage(usage: unknown, written: Written): Usage {
  const counts = tokenUsage(
    {
      input: inputOf(usage),
      output: outputOf(usage),
      total: member(usage, "total_tokens"),
      cached: firstCount(
        member(member(usage, "prompt_tokens_details"), "cached_tokens"),
        member(member(usage, "input_tokens_details"), "cached_tokens"),
        // DeepSeek: https://api-docs.deepseek.com/api/create-chat-completion
        member(usage, "prompt_cache_hit_tokens"),
        // Moonshot
        member(usage, "cached_tokens"),
        // Bridges to Anthropic and Bedrock
        member(usage, "cache_read_input_tokens"),
      ),
      reasoning: firstCount(
        member(member(usage, "completion_tokens_details"), "reasoning_tokens"),
        member(member(usage, "output_tokens_details"), "reasoning_tokens"),
        member(usage, "reasoning_tokens"),
      ),
    },
    written,
  );
  return { ...counts, costMicroUsd: costOf(usage) };
}

function inputOf(usage: unknown): unknown {
  return member(usage, "prompt_tokens") ?? member(usage, "input_tokens");
}

function outputOf(usage: unknown): unknown {
  return member(usage, "completion_tokens") ?? member(usage, "output_tokens");
}

/** `cost` in dollars is what OpenRouter adds; with a key of one's own it leaves out what the provider bills. */
function costOf(usage: unknown): number | null {
  const cost = member(usage, "cost");
  const isOwnKey = member(usage, "is_byok") === true;
  const upstream = isOwnKey ? member(member(usage, "cost_details"), "upstream_inference_cost") : 0;
  const parts = [cost, upstream].map((part) => (typeof part === "number" && part >= 0 ? part : Number.NaN));
  const dollars = parts.reduce((sum, part) => sum + part, 0);
  return Number.isFinite(dollars) ? Math.round(dollars * 1_000_000) : null;
}

function firstCount(...values: readonly unknown[]): number | undefined {
  const counts = values.map(reportedCount).filter((count) => count !== null);
  return counts.find((count) => count > 0) ?? counts[0];
}
