import type { JsonSchema } from "../data/json.ts";
import type { FinishReason, RequestFailure } from "../data/node.ts";
import type { Usage } from "../data/usage.ts";

/** One message of a conversation with a model. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/**
 * A model behind an API. Stateless: calls may run concurrently, in any number.
 *
 * - `chat` sends exactly one request and never retries: the engine does, in one place.
 * - It resolves only with a complete reply. Anything else rejects with an RLMError of code
 *   `request_failed` whose details are {@link RequestFailureDetails} and whose message holds the provider's own
 *   words; a missing key or SDK rejects with `missing_key` or `missing_dependency`.
 * - The reason follows from what the provider says, not from the status alone: a failure that a retry can't cure must
 *   not get a reason after which the engine retries.
 * - When the signal aborts, the connection is closed at once and the promise rejects: `request_failed`,
 *   reason `aborted`. A signal that is aborted already means that no request is sent.
 * - The pieces handed to `onText` add up to the reply's text; none comes after the promise has settled.
 * - A reply without text is a reply: it resolves with the empty string. Reasoning in a field of the API is not text.
 * - A count is exact or `null`. Zero input, and zero output for a reply with text, mean that the provider does not count.
 */
export interface Client {
  readonly protocol: 1;
  /** The model as the provider names it; recorded and looked up in the price table. */
  readonly model: string;
  chat(messages: readonly Message[], options?: ChatOptions): Promise<Reply>;
}

/** What a caller may say about one request. */
export interface ChatOptions {
  readonly signal?: AbortSignal;
  /** Sent as idempotency key where the provider takes one: the same key, the same request. */
  readonly effectKey?: string;
  /** Upper bound on output tokens, reasoning included. */
  readonly maxOutputTokens?: number;
  /** JSON Schema the reply should follow; a client without structured output ignores it. */
  readonly output?: JsonSchema;
  /** Called with each piece of text as it arrives. What it throws is ignored. */
  readonly onText?: (delta: string) => void;
  /**
   * Who asks: for scripted and caching clients, never sent to a provider. `turn` counts the agent's replies
   * from 0: the one asked for, or of a query the one whose code asks.
   */
  readonly caller?: { readonly agentId: string; readonly turn: number; readonly purpose: "act" | "query" };
}

/** A complete reply. */
export interface Reply {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  /** The model that answered, as the provider names it. */
  readonly model: string;
  /** Calls of tools that the model made, although no tool is ever offered. Absent for none. */
  readonly toolCalls?: readonly ToolCall[];
}

/** A call of a tool as the provider passed it on, cut where it is long. */
export interface ToolCall {
  readonly name: string;
  /** JSON text, which may be cut. */
  readonly arguments: string;
}

/** The `details` of an RLMError with code `request_failed`. */
export interface RequestFailureDetails {
  readonly reason: RequestFailure;
  /** How long the provider asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** HTTP status, when there was a response. */
  readonly status?: number;
  /** What the failed request consumed, as far as it is known. */
  readonly usage?: Usage;
}
