import { type Reply, UNKNOWN_USAGE, type Usage } from "@rlmflow/core";
import { DONE } from "../request/answer-values.ts";
import { type ReplyEnd, replyEnd } from "../request/finish-reasons.ts";
import { member } from "../request/member.ts";
import type { ReplyInProgress } from "../request/watched-request.ts";
import { chatUsage, usageOf } from "./chat-usage.ts";

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
    const named = textAt(value, "model");
    if (named !== "") this.#model = named;
    const choice = firstChoice(value);
    if (choice !== undefined) this.#started = true;
    const delta = member(choice, "delta") ?? member(choice, "message");
    const refusal = textAt(delta, "refusal");
    if (refusal !== "") this.#refused = true;
    const piece = contentText(member(delta, "content")) + refusal;
    this.#text += piece;
    const isThought = hasReasoning(delta);
    if (isThought) this.#thought = true;
    const isCall = this.#takeCalls(delta);
    if (piece !== "" || isThought || isCall) this.#behind = true;
    const reason = textAt(choice, "finish_reason");
    if (reason !== "") this.#finish = reason;
    const reported = usageOf(value, choice);
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

  #takeCalls(delta: unknown): boolean {
    const calls = member(delta, "tool_calls");
    const single = member(delta, "function_call");
    const found = Array.isArray(calls) ? calls : [];
    for (const call of found) this.#takeCall(member(call, "index"), member(call, "function"));
    if (single !== undefined && single !== null) this.#takeCall(0, single);
    return found.length > 0 || (single !== undefined && single !== null);
  }

  #takeCall(index: unknown, called: unknown): void {
    const place = typeof index === "number" ? index : this.#calls.length;
    if (!Number.isSafeInteger(place) || place < 0 || place >= MOST_CALLS) return;
    while (this.#calls.length <= place) this.#calls.push({ name: "", arguments: "" });
    const call = this.#calls[place];
    if (call === undefined) return;
    call.name = (call.name + textAt(called, "name")).slice(0, 100);
    call.arguments = (call.arguments + textAt(called, "arguments")).slice(0, LONGEST_CALL);
  }
}

/** Text, or the text parts, without thoughts, of the lists that Mistral and others send. */
function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content : [content];
  return parts.map((part) => (isTextPart(part) ? textAt(part, "text") : "")).join("");
}

function isTextPart(part: unknown): boolean {
  const type = member(part, "type");
  return (
    (type === undefined || type === "text" || type === "output_text") && member(part, "thought") !== true
  );
}

function hasReasoning(delta: unknown): boolean {
  const content = member(delta, "content");
  return (
    ["reasoning_content", "reasoning", "reasoning_text", "thinking"].some(
      (name) => textAt(delta, name) !== "",
    ) ||
    (Array.isArray(content) && content.some((part) => !isTextPart(part)))
  );
}

function firstChoice(chunk: unknown): unknown {
  const choices = member(chunk, "choices");
  return Array.isArray(choices) ? choices.find((choice) => (member(choice, "index") ?? 0) === 0) : undefined;
}

function textAt(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}
