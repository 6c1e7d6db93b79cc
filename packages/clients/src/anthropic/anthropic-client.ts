import type { ClientOptions } from "@anthropic-ai/sdk";
import type { ChatOptions, Client } from "@rlmflow/core";
import { loadSdk } from "../request/load-sdk.ts";
import { requestLimits } from "../request/request-limits.ts";
import { apiKeyOf, isKeySent, secretsOf } from "../request/secrets.ts";
import { type RequestLimits, type RequestWatch, watchRequest } from "../request/watched-request.ts";
import { type AnthropicClientOptions, checkAnthropicOptions } from "./anthropic-options.ts";
import { messageReply } from "./message-reply.ts";
import { messageRequest } from "./message-request.ts";
import { outputFormat } from "./output-format.ts";

const PACKAGE = "@anthropic-ai/sdk";

/**
 * A client for Anthropic and for servers that speak its Messages API. The package `@anthropic-ai/sdk` is
 * loaded with the first request. The API takes no idempotency key and reports no cost.
 */
export function anthropicClient(options: AnthropicClientOptions): Client {
  checkAnthropicOptions(options);
  const limits = requestLimits(options);
  return {
    protocol: 1,
    model: options.model,
    async chat(messages, chat = {}) {
      const apiKey = apiKeyOf(options, "anthropicClient", "ANTHROPIC_API_KEY");
      const { Anthropic } = await loadSdk(PACKAGE, () => import("@anthropic-ai/sdk"));
      const format = await formatOf(options, chat);
      const reply = messageReply(options.model);
      return watchRequest({
        provider: "anthropic",
        limits,
        chat,
        progress: reply,
        secrets: secretsOf(apiKey, options),
        keySent: isKeySent(apiKey, options),
        async send(watch) {
          const sdk = new Anthropic(sdkOptions(options, apiKey, limits, watch));
          const body = messageRequest(options, messages, chat, format);
          const sent = sdk.messages.create(body, { signal: watch.signal });
          return await sent.asResponse();
        },
      });
    },
  };
}

async function formatOf(options: AnthropicClientOptions, { output }: ChatOptions) {
  if (output === undefined || options.structuredOutput === false) return undefined;
  const helpers = await loadSdk(PACKAGE, () => import("@anthropic-ai/sdk/helpers/json-schema"));
  return outputFormat(output, { jsonSchemaOutputFormat: (schema) => helpers.jsonSchemaOutputFormat(schema) });
}

/** Retries and spans are the engine's. */
function sdkOptions(
  { baseURL, headers }: AnthropicClientOptions,
  apiKey: string,
  limits: RequestLimits,
  watch: RequestWatch,
): ClientOptions {
  return {
    apiKey,
    ...(baseURL !== undefined && { baseURL }),
    ...(headers !== undefined && { defaultHeaders: headers }),
    fetch: watch.fetch,
    maxRetries: 0,
    timeout: limits.timeoutMs + 1000,
    logLevel: "off",
    openTelemetry: false,
  };
}
