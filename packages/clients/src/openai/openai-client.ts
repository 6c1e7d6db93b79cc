import type { Client } from "@rlmflow/core";
import type { ClientOptions } from "openai";
import { loadSdk } from "../request/load-sdk.ts";
import { requestLimits } from "../request/request-limits.ts";
import { apiKeyOf, isKeySent, secretsOf } from "../request/secrets.ts";
import { type RequestLimits, type RequestWatch, watchRequest } from "../request/watched-request.ts";
import { chatReply } from "./chat-reply.ts";
import { chatRequest, requestHeaders } from "./chat-request.ts";
import { checkOpenAIOptions, type OpenAIClientOptions } from "./openai-options.ts";

const SLOW_EFFORTS: readonly unknown[] = ["high", "xhigh", "max"];

/**
 * A client for OpenAI and for every server that speaks Chat Completions. The package `openai` is loaded with
 * the first request. Cost is known only where the server reports it.
 */
export function openaiClient(options: OpenAIClientOptions): Client {
  checkOpenAIOptions(options);
  const limits = requestLimits(options, SLOW_EFFORTS.includes(options.reasoningEffort));
  return {
    protocol: 1,
    model: options.model,
    async chat(messages, chat = {}) {
      const apiKey = apiKeyOf(options, "openaiClient", "OPENAI_API_KEY");
      const { OpenAI } = await loadSdk("openai", () => import("openai"));
      const reply = chatReply(options.model);
      return watchRequest({
        provider: "openai",
        limits,
        chat,
        progress: reply,
        secrets: secretsOf(apiKey, options),
        keySent: isKeySent(apiKey, options),
        async send(watch) {
          const sdk = new OpenAI(sdkOptions(options, apiKey, limits, watch));
          const sent = sdk.chat.completions.create(chatRequest(options, messages, chat), {
            signal: watch.signal,
            headers: requestHeaders(chat),
          });
          return await sent.asResponse();
        },
      });
    },
  };
}

/** Retries are the engine's. A server named by address must not learn the account that the environment names. */
function sdkOptions(
  { baseURL, headers }: OpenAIClientOptions,
  apiKey: string,
  limits: RequestLimits,
  watch: RequestWatch,
): ClientOptions {
  return {
    apiKey,
    adminAPIKey: null,
    ...(baseURL !== undefined && { baseURL, organization: null, project: null }),
    ...(headers !== undefined && { defaultHeaders: headers }),
    fetch: watch.fetch,
    maxRetries: 0,
    timeout: limits.timeoutMs + 1000,
    logLevel: "off",
  };
}
