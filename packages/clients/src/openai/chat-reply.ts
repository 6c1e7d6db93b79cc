import { type Reply, UNKNOWN_USAGE, type Usage } from "@rlmflow/core";
import { DONE, type Members } from "../request/answer-values.ts";
import { type ReplyEnd, replyEnd } from "../request/finish-reasons.ts";
import { reportedCount, tokenUsage, type Written } from "../request/token-usage.ts";
import type { ReplyInProgress } from "../request/watched-request.ts";

/** A reply that is collected from the chunks of a Chat Completions stream, or from one whole completion. */
export interface ChatReply extends ReplyInProgress {
  /** Takes the next value of the answer and gives the text in it. Nothing about its shape is trusted. */
  add(value: unknown): string;
}

/** Calls of tools are kept only to be mentioned to the model, and not beyond these bounds. */
const LONGEST_CALL = 2000;
const MOST_CALLS = 8;

/** An empty reply of a model that is called so until the server names it otherwise. */
export function chatReply(requestedModel: string): ChatReply {
  return new GatheringReply(requestedModel);
}

class GatheringReply implements ChatReply {
  #text = "";
  #model: string;
  #finish: string | null = null;
  #refused = false;
  #done = false;
  #started = false;
  #thought = false;
  #usage: unknown;
  /** True while more has been written than the last report counts. */
  #behind = true;
  readonly #calls: { name: string; arguments: string }[] = [];

  constructor(requestedModel: string) {
    this.#model = requestedModel;
  }

  add(value: unknown): string {
    if (value === DONE) {
      this.#done = true;
      return "";
    }
    const chunk: Members = Object(value);
    const named = textOf(chunk.model);
    if (named !== "") this.#model = named;
    const first = firstChoice(chunk.choices);
    if (first !== undefined) this.#started = true;
    const choice: Members = Object(first);
    const delta: Members = Object(choice.delta ?? choice.message);
    const refusal = textOf(delta.refusal);
    if (refusal !== "") this.#refused = true;
    const piece = contentText(delta.content) + refusal;
    this.#text += piece;
    const isThought = hasReasoning(delta);
    if (isThought) this.#thought = true;
    const isCall = this.#takeCalls(delta);
    if (piece !== "" || isThought || isCall) this.#behind = true;
    const reason = textOf(choice.finish_reason);
    if (reason !== "") this.#finish = reason;
    const reported = usageOf(chunk, choice);
    if (reported !== undefined) {
      this.#usage = reported;
      this.#behind = false;
    }
    return piece;
  }

  get started(): boolean {
    return this.#started;
  }

  get over(): boolean {
    return this.#done;
  }

  end(): ReplyEnd | null {
    if (this.#finish !== null) {
      const end = replyEnd(this.#finish);
      return this.#refused && end !== "broken" ? "refused" : end;
    }
    // Some servers never give a reason. If they counted the reply and sent [DONE], it is complete.
    return this.#done && this.#usage !== undefined && !this.#behind ? "other" : null;
  }

  finished(): Reply | null {
    const end = this.end();
    if (end === null || end === "broken") return null;
    const calls = this.#calls.filter(({ name, arguments: text }) => name !== "" || text !== "");
    const reply: Reply = { text: this.#text, finishReason: end, usage: this.usage(), model: this.#model };
    return calls.length === 0 ? reply : { ...reply, toolCalls: calls };
  }

  brokenOff(): string | null {
    return this.end() === "broken" ? this.#finish : null;
  }

  usage(): Usage {
    if (this.#usage === undefined) return UNKNOWN_USAGE;
    const any = this.#text !== "" || this.#thought || this.#calls.length > 0;
    const usage = chatUsage(this.#usage, { any, reasoning: this.#thought });
    return this.#behind ? { ...usage, output: null, reasoning: null } : usage;
  }

  #takeCalls({ tool_calls: calls, function_call: single }: Members): boolean {
    const found = Array.isArray(calls) ? calls : [];
    for (const call of found) {
      const { index, function: called }: Members = Object(call);
      this.#takeCall(index, called);
    }
    if (single !== undefined && single !== null) this.#takeCall(0, single);
    return found.length > 0 || (single !== undefined && single !== null);
  }

  #takeCall(index: unknown, called: unknown): void {
    const place = typeof index === "number" ? index : this.#calls.length;
    if (!Number.isSafeInteger(place) || place < 0 || place >= MOST_CALLS) return;
    while (this.#calls.length <= place) this.#calls.push({ name: "", arguments: "" });
    const call = this.#calls[place];
    if (call === undefined) return;
    const { name, arguments: text }: Members = Object(called);
    call.name = (call.name + textOf(name)).slice(0, 100);
    call.arguments = (call.arguments + textOf(text)).slice(0, LONGEST_CALL);
  }
}

/** Text, or the text parts, without thoughts, of the lists that Mistral and others send. */
function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content : [content];
  return parts.map((part) => (isTextPart(part) ? textOf(Object(part).text) : "")).join("");
}

function isTextPart(part: unknown): boolean {
  const { type, thought }: Members = Object(part);
  return (type === undefined || type === "text" || type === "output_text") && thought !== true;
}

const REASONING = ["reasoning_content", "reasoning", "reasoning_text", "thinking"];

function hasReasoning(delta: Members): boolean {
  const { content } = delta;
  return (
    REASONING.some((name) => textOf(delta[name]) !== "") ||
    (Array.isArray(content) && content.some((part) => !isTextPart(part)))
  );
}

function firstChoice(choices: unknown): unknown {
  return Array.isArray(choices) ? choices.find((choice) => (Object(choice).index ?? 0) === 0) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

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
