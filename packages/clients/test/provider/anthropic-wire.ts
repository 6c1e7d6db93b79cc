import type { ServerResponse } from "node:http";
import type { ProviderRefusal, ProviderScript } from "@rlmflow/testing";
import { type Answer, beginEvents, cut, refuse, type SeenRequest, write } from "./provider-server.ts";

/** One event of a Messages stream, named by its type. */
export function event(data: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The event a message begins with. */
export function start(usage: Readonly<Record<string, unknown>>): string {
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-test-1", content: [] };
  return event({
    type: "message_start",
    message: { ...message, stop_reason: null, stop_sequence: null, usage },
  });
}

/** A whole text block in the given pieces. */
export function textBlock(index: number, pieces: readonly string[]): readonly string[] {
  return [
    event({ type: "content_block_start", index, content_block: { type: "text", text: "" } }),
    event({ type: "ping" }),
    ...pieces.map((text) =>
      event({ type: "content_block_delta", index, delta: { type: "text_delta", text } }),
    ),
    event({ type: "content_block_stop", index }),
  ];
}

/** A whole block of thinking. */
export function thinkingBlock(index: number, thinking: string): readonly string[] {
  const content_block = { type: "thinking", thinking: "", signature: "" };
  return [
    event({ type: "content_block_start", index, content_block }),
    event({ type: "content_block_delta", index, delta: { type: "thinking_delta", thinking } }),
    event({ type: "content_block_delta", index, delta: { type: "signature_delta", signature: "s" } }),
    event({ type: "content_block_stop", index }),
  ];
}

/** The two events a message ends with. */
export function stop(
  stop_reason: string | null,
  usage: Readonly<Record<string, unknown>>,
): readonly string[] {
  return [
    event({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage }),
    event({ type: "message_stop" }),
  ];
}

/** Sends the events one after another and ends the response. */
export function streams(...events: readonly string[]): Answer {
  return async (_request, response) => {
    beginEvents(response);
    for (const data of events) await write(response, data);
    response.end();
  };
}

const STOP_REASONS = { stop: "end_turn", length: "max_tokens", refused: "refusal" } as const;

/** A provider that speaks the Messages API and follows the script. */
export function anthropicAnswer(script: ProviderScript): Answer {
  return async (request, response) => {
    const { ending } = script;
    if (ending.kind === "refuse") return refuseAs(response, ending);
    beginEvents(response);
    const pieces = script.text === "echo" ? [lastContent(request)] : script.text;
    const [first, ping, ...deltas] = textBlock(0, pieces);
    await write(response, start(startUsage(script)));
    if (script.reasoning !== undefined)
      for (const data of thinkingBlock(1, script.reasoning)) await write(response, data);
    const events = [first, ping, ...(ending.kind === "finish" ? deltas : deltas.slice(0, -1))];
    if (pieces.length > 0) for (const data of events) await write(response, data ?? "");
    if (ending.kind === "error") {
      const error = { type: "overloaded_error", message: ending.said };
      await write(response, event({ type: "error", error }));
    }
    if (ending.kind === "cut") return cut(response);
    if (ending.kind === "silence") return;
    if (ending.kind === "finish") {
      for (const data of stop(STOP_REASONS[ending.reason], endUsage(script))) await write(response, data);
    }
    response.end();
  };
}

function startUsage({ usage }: ProviderScript): Readonly<Record<string, unknown>> {
  if (usage === null) return {};
  const written = usage.input === 0 ? 0 : 50;
  return {
    input_tokens: Math.max(0, (usage.input ?? 0) - (usage.cached ?? 0) - written),
    cache_read_input_tokens: usage.cached,
    cache_creation_input_tokens: written,
    output_tokens: 1,
  };
}

function endUsage({ usage }: ProviderScript): Readonly<Record<string, unknown>> {
  if (usage === null) return {};
  return { output_tokens: usage.output, output_tokens_details: { thinking_tokens: usage.reasoning } };
}

const REFUSALS: Readonly<Record<ProviderRefusal, readonly [number, string, string]>> = {
  rate_limit: [429, "rate_limit_error", "Number of requests has exceeded your limit"],
  overloaded: [529, "overloaded_error", "Overloaded"],
  authentication: [401, "authentication_error", "invalid x-api-key"],
  context_too_long: [400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"],
  quota: [400, "invalid_request_error", "Your credit balance is too low to access the API"],
  invalid_request: [404, "not_found_error", "model: claude-nope"],
};

type Refusal = Extract<ProviderScript["ending"], { readonly kind: "refuse" }>;

function refuseAs(response: ServerResponse, { refusal, retryAfterMs, said }: Refusal): void {
  const [status, type, message] = REFUSALS[refusal];
  const headers = retryAfterMs === undefined ? {} : { "retry-after": String(retryAfterMs / 1000) };
  refuse(response, status, { type: "error", error: { type, message: said ?? message } }, headers);
}

function lastContent({ body }: SeenRequest): string {
  const messages = body.messages as readonly { readonly content: readonly { readonly text: string }[] }[];
  return messages.at(-1)?.content.at(-1)?.text ?? "";
}
