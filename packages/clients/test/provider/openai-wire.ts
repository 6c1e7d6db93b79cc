import type { ServerResponse } from "node:http";
import type { ProviderRefusal, ProviderScript } from "@rlmflow/testing";
import { type Answer, beginEvents, cut, refuse, type SeenRequest, write } from "./provider-server.ts";

/** One event of a Chat Completions stream. */
export function event(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** A chunk of a Chat Completions stream with the given choice. */
export function chunk(delta: Readonly<Record<string, unknown>>, finish_reason: string | null = null): string {
  return event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_790_000_000,
    model: "gpt-test-2026-11-01",
    choices: [{ index: 0, delta, finish_reason, logprobs: null }],
  });
}

/** The chunk that carries the usage, after all choices. */
export function usageChunk(usage: unknown): string {
  return event({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    model: "gpt-test-2026-11-01",
    choices: [],
    usage,
  });
}

export const DONE = "data: [DONE]\n\n";

/** Streams the pieces one after another, then whatever follows them, and ends the response. */
export function streams(pieces: readonly string[], ...rest: readonly string[]): Answer {
  return async (_request, response) => {
    beginEvents(response);
    await write(response, chunk({ role: "assistant", content: "" }));
    for (const content of pieces) await write(response, chunk({ content }));
    for (const data of rest) await write(response, data);
    response.end();
  };
}

/** A provider that speaks Chat Completions and follows the script. */
export function openaiAnswer(script: ProviderScript): Answer {
  return async (request, response) => {
    const { ending } = script;
    if (ending.kind === "refuse") return refuseAs(response, ending);
    beginEvents(response);
    const pieces = script.text === "echo" ? [lastContent(request)] : script.text;
    const isRefusal = ending.kind === "finish" && ending.reason === "refused";
    if (pieces.length > 0) await write(response, chunk({ role: "assistant", content: "" }));
    if (script.reasoning !== undefined)
      await write(response, chunk({ content: null, reasoning_content: script.reasoning }));
    for (const piece of pieces)
      await write(response, chunk(isRefusal ? { refusal: piece } : { content: piece }));
    if (ending.kind === "error") await write(response, event({ error: { message: ending.said, code: 502 } }));
    if (ending.kind === "cut") return cut(response);
    if (ending.kind === "silence") return;
    if (ending.kind === "finish") await finish(response, ending.reason, script);
    response.end();
  };
}

async function finish(response: ServerResponse, reason: string, { usage }: ProviderScript): Promise<void> {
  await write(response, chunk({}, reason === "length" ? "length" : "stop"));
  if (usage !== null) {
    await write(
      response,
      usageChunk({
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        total_tokens: 0,
        prompt_tokens_details: { cached_tokens: usage.cached },
        completion_tokens_details: { reasoning_tokens: usage.reasoning },
      }),
    );
  }
  await write(response, DONE);
}

const REFUSALS: Readonly<Record<ProviderRefusal, readonly [number, string, string | null]>> = {
  rate_limit: [429, "tokens", "rate_limit_exceeded"],
  overloaded: [503, "server_error", null],
  authentication: [401, "invalid_request_error", "invalid_api_key"],
  context_too_long: [400, "invalid_request_error", "context_length_exceeded"],
  quota: [429, "insufficient_quota", "insufficient_quota"],
  invalid_request: [404, "invalid_request_error", "model_not_found"],
};

type Refusal = Extract<ProviderScript["ending"], { readonly kind: "refuse" }>;

function refuseAs(response: ServerResponse, { refusal, retryAfterMs, said }: Refusal): void {
  const [status, type, code] = REFUSALS[refusal];
  const headers = retryAfterMs === undefined ? {} : { "retry-after": String(retryAfterMs / 1000) };
  const message = said ?? `refused: ${refusal}`;
  refuse(response, status, { error: { message, type, code, param: null } }, headers);
}

function lastContent({ body }: SeenRequest): string {
  const messages = body.messages as readonly { readonly content: string }[];
  return messages.at(-1)?.content ?? "";
}
