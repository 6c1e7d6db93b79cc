import { type Reply, UNKNOWN_USAGE, type Usage } from "@rlmflow/core";
import type { Members } from "../request/answer-values.ts";
import { type ReplyEnd, replyEnd } from "../request/finish-reasons.ts";
import { reportedCount, tokenUsage } from "../request/token-usage.ts";
import type { ReplyInProgress } from "../request/watched-request.ts";

/** A reply that is collected from the events of a Messages stream, or from one whole message. */
export interface MessageReply extends ReplyInProgress {
  /** Takes the next value of the answer and gives the text in it. Nothing about its shape is trusted. */
  add(value: unknown): string;
}

const COUNTS = [
  "input_tokens",
  "cache_read_input_tokens",
  "cache_creation_input_tokens",
  "output_tokens",
  "output_tokens_details",
];

/** An empty reply of a model that is called so until the server names it otherwise. */
export function messageReply(requestedModel: string): MessageReply {
  return new GatheringMessage(requestedModel);
}

class GatheringMessage implements MessageReply {
  #text = "";
  #model: string;
  #stop: string | null = null;
  #started = false;
  #over = false;
  #thought = false;
  #called = false;
  /** Output is known only at the end: the count in `message_start` is preliminary. */
  #counted = false;
  readonly #counts = new Map<string, unknown>();
  readonly #calls: { name: string; arguments: string }[] = [];

  constructor(requestedModel: string) {
    this.#model = requestedModel;
  }

  add(value: unknown): string {
    const event: Members = Object(value);
    switch (event.type) {
      case "message_start":
        return this.#begin(Object(event.message));
      case "message":
        return this.#whole(event);
      case "content_block_start":
        return this.#block(event.content_block);
      case "content_block_delta":
        return this.#delta(Object(event.delta));
      case "message_delta":
        this.#started = true;
        this.#ended(Object(event.delta));
        this.#count(event.usage, true);
        return "";
      case "message_stop":
        this.#over = true;
        return "";
      default:
        return "";
    }
  }

  get started(): boolean {
    return this.#started;
  }

  get over(): boolean {
    return this.#over;
  }

  end(): ReplyEnd | null {
    return this.#stop === null ? null : replyEnd(this.#stop);
  }

  finished(): Reply | null {
    const end = this.end();
    if (end === null || end === "broken") return null;
    const reply: Reply = { text: this.#text, finishReason: end, usage: this.usage(), model: this.#model };
    return this.#calls.length === 0 ? reply : { ...reply, toolCalls: this.#calls };
  }

  brokenOff(): string | null {
    return this.end() === "broken" ? this.#stop : null;
  }

  /** The API counts what it read from and wrote to its cache apart from the other input tokens. */
  usage(): Usage {
    const count = (name: string) => reportedCount(this.#counts.get(name));
    const fresh = count("input_tokens");
    if (fresh === null && !this.#counted) return UNKNOWN_USAGE;
    const read = count("cache_read_input_tokens");
    const written = count("cache_creation_input_tokens");
    const any = this.#text !== "" || this.#thought || this.#called;
    return tokenUsage(
      {
        input: fresh === null ? null : fresh + (read ?? 0) + (written ?? 0),
        cached: read,
        output: this.#counted ? this.#counts.get("output_tokens") : null,
        reasoning: this.#counted ? Object(this.#counts.get("output_tokens_details")).thinking_tokens : null,
      },
      { any, reasoning: this.#thought },
    );
  }

  #begin({ model, usage }: Members): string {
    this.#started = true;
    if (typeof model === "string" && model !== "") this.#model = model;
    this.#count(usage, false);
    return "";
  }

  #whole(message: Members): string {
    this.#begin(message);
    const { content: blocks, usage } = message;
    const text = Array.isArray(blocks) ? blocks.map((block) => this.#block(block)).join("") : "";
    this.#ended(message);
    this.#count(usage, true);
    return text;
  }

  #block(block: unknown): string {
    this.#started = true;
    const { type, name, input, text }: Members = Object(block);
    if (type === "thinking" || type === "redacted_thinking") this.#thought = true;
    if (String(type).endsWith("tool_use")) this.#called = true;
    if (type === "tool_use") {
      const hasInput = typeof input === "object" && input !== null && Object.keys(input).length > 0;
      this.#calls.push({
        name: String(name ?? "").slice(0, 100),
        arguments: hasInput ? JSON.stringify(input).slice(0, 2000) : "",
      });
    }
    return type === "text" || type === undefined ? this.#write(text) : "";
  }

  #delta({ partial_json: json, thinking, text }: Members): string {
    this.#started = true;
    const call = this.#calls.at(-1);
    if (call !== undefined && typeof json === "string")
      call.arguments = (call.arguments + json).slice(0, 2000);
    if (thinking !== undefined) this.#thought = true;
    return this.#write(text);
  }

  #write(text: unknown): string {
    if (typeof text !== "string") return "";
    this.#text += text;
    return text;
  }

  #ended({ stop_reason: reason }: Members): void {
    if (typeof reason === "string" && reason !== "") this.#stop = reason;
  }

  /** Later counts replace earlier ones, except that zero replaces only zero: gateways that do not count send zeros. */
  #count(usage: unknown, isEnd: boolean): void {
    const counts: Members = Object(usage);
    for (const name of COUNTS) {
      const count = counts[name];
      if (count === undefined || count === null) continue;
      const isFinalOutput = isEnd && name === "output_tokens";
      if (isFinalOutput) this.#counted = true;
      if (count !== 0 || isFinalOutput || !this.#counts.has(name)) this.#counts.set(name, count);
    }
  }
}
