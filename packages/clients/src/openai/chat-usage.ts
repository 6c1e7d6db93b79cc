import type { Usage } from "@rlmflow/core";
import type { Members } from "../request/answer-values.ts";
import { reportedCount, tokenUsage, type Written } from "../request/token-usage.ts";

/**
 * The usage report of a chunk, from the places in which servers put it: next to the choices, in the first choice
 * (Moonshot), or in a member with the server's name (Groq). `undefined` if there is none.
 */
export function usageOf(chunk: Members, choice: Members): unknown {
  const { usage, x_groq: groq, message } = chunk;
  const places = [usage, choice.usage, Object(groq).usage, Object(message).usage];
  return places.find((place) => typeof place === "object" && place !== null && reportsAnything(place));
}

/** False for a report of nothing but zeros, which is a placeholder and must not replace a real one. */
function reportsAnything(usage: unknown): boolean {
  const report: Members = Object(usage);
  return [inputOf(report), outputOf(report), report.total_tokens].some(
    (count) => (reportedCount(count) ?? 0) > 0,
  );
}

/** Input tokens contain those read from the cache. */
export function chatUsage(usage: unknown, written: Written): Usage {
  const report: Members = Object(usage);
  const { prompt_tokens_details: prompted, completion_tokens_details: completed } = report;
  const { input_tokens_details: taken, output_tokens_details: given } = report;
  const counts = tokenUsage(
    {
      input: inputOf(report),
      output: outputOf(report),
      total: report.total_tokens,
      cached: firstCount(
        Object(prompted).cached_tokens,
        Object(taken).cached_tokens,
        // DeepSeek: https://api-docs.deepseek.com/api/create-chat-completion
        report.prompt_cache_hit_tokens,
        // Moonshot
        report.cached_tokens,
        // Bridges to Anthropic and Bedrock
        report.cache_read_input_tokens,
      ),
      reasoning: firstCount(
        Object(completed).reasoning_tokens,
        Object(given).reasoning_tokens,
        report.reasoning_tokens,
      ),
    },
    written,
  );
  return { ...counts, costMicroUsd: costOf(report) };
}

function inputOf(report: Members): unknown {
  return report.prompt_tokens ?? report.input_tokens;
}

function outputOf(report: Members): unknown {
  return report.completion_tokens ?? report.output_tokens;
}

/** `cost` in dollars is what OpenRouter adds; with a key of one's own it leaves out what the provider bills. */
function costOf({ cost, is_byok: isOwnKey, cost_details: details }: Members): number | null {
  const upstream = isOwnKey === true ? Object(details).upstream_inference_cost : 0;
  const parts = [cost, upstream].map((part) => (typeof part === "number" && part >= 0 ? part : Number.NaN));
  const dollars = parts.reduce((sum, part) => sum + part, 0);
  return Number.isFinite(dollars) ? Math.round(dollars * 1_000_000) : null;
}

function firstCount(...values: readonly unknown[]): number | undefined {
  const counts = values.flatMap((value) => (value === undefined ? [] : (reportedCount(value) ?? [])));
  return counts.find((count) => count > 0) ?? counts[0];
}
