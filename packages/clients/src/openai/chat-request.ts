import { createHash } from "node:crypto";
import {
  type ChatOptions,
  isJsonObject,
  type JsonObject,
  type JsonSchema,
  type Message,
} from "@rlmflow/core";
import type OpenAI from "openai";
import type { OpenAIClientOptions } from "./openai-options.ts";

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming;

const LONGEST_KEY = 255;

/** The body of a Chat Completions request. Half a character, which providers refuse, becomes U+FFFD. */
export function chatRequest(
  options: OpenAIClientOptions,
  messages: readonly Message[],
  chat: ChatOptions,
): Body {
  const bound = outputBound(options.maxOutputTokens, chat.maxOutputTokens);
  const format = options.structuredOutput === false ? undefined : responseFormat(chat.output);
  return {
    stream_options: { include_usage: true },
    ...(bound !== undefined && { [options.tokenLimitField ?? "max_completion_tokens"]: bound }),
    ...(options.reasoningEffort !== undefined && { reasoning_effort: options.reasoningEffort }),
    ...(format !== undefined && { response_format: format }),
    ...options.extraBody,
    model: options.model,
    messages: messages.map(({ role, content }) => ({ role, content: content.toWellFormed() })),
    stream: true,
  };
}

/**
 * `json_schema` for the schema of an object, which is all that the API takes. Not strict: strict mode refuses
 * most schemas, and the caller checks the reply in any case.
 */
function responseFormat(output: JsonSchema | undefined): Body["response_format"] {
  if (!isJsonObject(output) || output.type !== "object") return undefined;
  return {
    type: "json_schema",
    json_schema: { name: schemaName(output), schema: { ...output }, strict: false },
  };
}

function schemaName({ title }: JsonObject): string {
  const name = typeof title === "string" ? title.replaceAll(/[^a-zA-Z0-9_-]+/g, "_").slice(0, 64) : "";
  return name === "" ? "output" : name;
}

/** Headers of one request: the effect key, in characters and length that a header may have. */
export function requestHeaders({ effectKey }: ChatOptions): Readonly<Record<string, string>> {
  if (effectKey === undefined) return {};
  const key = encodeURI(effectKey.toWellFormed());
  const fits = key.length <= LONGEST_KEY;
  return { "Idempotency-Key": fits ? key : createHash("sha256").update(effectKey).digest("hex") };
}

/** The smaller of the client's and the caller's bound on output tokens. */
function outputBound(client: number | undefined, caller: number | undefined): number | undefined {
  if (client === undefined || caller === undefined) return client ?? caller;
  return Math.min(client, caller);
}
