import type { ChatOptions, Client, JsonObject, Reply, RequestFailure } from "@rlmflow/core";
import { isJsonObject, RLMError } from "@rlmflow/core";

/** A client for Ollama's own API. */
export function ollamaClient(model: string, url = "http://127.0.0.1:11434"): Client {
  return {
    protocol: 1,
    model,
    async chat(messages, options = {}) {
      const { signal = null, maxOutputTokens, output } = options;
      // Unless told otherwise, Ollama cuts away what does not fit, and says nothing of it.
      const fixed = { model, stream: true, truncate: false };
      const format = isJsonObject(output) ? { format: output } : {};
      const limit = maxOutputTokens === undefined ? {} : { options: { num_predict: maxOutputTokens } };
      const body = JSON.stringify({ ...fixed, ...format, ...limit, messages });
      try {
        const response = await fetch(new URL("/api/chat", url), { method: "POST", body, signal });
        if (!response.ok || response.body === null) throw await refusalOf(response);
        return await readReply(response.body, model, options);
      } catch (error) {
        if (signal?.aborted) throw failure("aborted", "the request was aborted", {}, error);
        throw RLMError.is(error) ? error : failure("network", String(error), {}, error);
      }
    },
  };
}

type Body = ReadableStream<Uint8Array>;

/** A reply is complete once a line says `done`. */
async function readReply(body: Body, asked: string, { onText }: ChatOptions): Promise<Reply> {
  let text = "";
  for await (const { error, message, done, model, done_reason, ...counts } of linesOf(body)) {
    if (error !== undefined) throw failure("incomplete", String(error));
    const piece = isJsonObject(message) ? String(message.content ?? "") : "";
    text += piece;
    try {
      if (piece !== "") onText?.(piece);
    } catch {
      // What a listener throws does not concern the request.
    }
    if (done !== true) continue;
    return {
      text,
      finishReason: done_reason === "stop" || done_reason === "length" ? done_reason : "other",
      // What is not reported is unknown, and so is 0: no request has no tokens.
      usage: {
        input: numberOf(counts.prompt_eval_count),
        cached: null,
        output: numberOf(counts.eval_count),
        reasoning: null,
        costMicroUsd: null,
      },
      model: typeof model === "string" ? model : asked,
    };
  }
  throw failure("incomplete", "the reply ended before the model was done");
}

async function* linesOf(body: Body): AsyncGenerator<JsonObject> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

async function refusalOf(response: Response): Promise<RLMError> {
  const { status, headers } = response;
  const said = await response.text();
  const wait = Number(headers.get("retry-after") ?? Number.NaN) * 1000;
  return failure(reasonOf(status, said), said, {
    status,
    ...(Number.isFinite(wait) && { retryAfterMs: wait }),
  });
}

/** The engine asks again after the first five reasons of `RequestFailure`, and gives up after the others. */
function reasonOf(status: number, said: string): RequestFailure {
  if (status === 400 && /context/i.test(said)) return "context_too_long";
  if (status === 401 || status === 403) return "authentication";
  if (status === 402) return "quota";
  if (status === 429) return "rate_limit";
  return status >= 500 ? "overloaded" : "invalid_request";
}

function failure(reason: RequestFailure, what: string, facts: object = {}, cause?: unknown): RLMError {
  return new RLMError("request_failed", `ollama: ${what}`, { cause, details: { reason, ...facts } });
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && value > 0 ? value : null;
}
