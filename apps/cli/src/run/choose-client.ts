import { anthropicClient } from "@rlmflow/clients/anthropic";
import { openaiClient } from "@rlmflow/clients/openai";
import type { Client } from "@rlmflow/core";
import type { RunOptions } from "../options/run-options.ts";

/** The client for the model. Keys come from the environment alone. */
export function chooseClient({ model, provider, baseUrl, apiKeyVariable }: RunOptions): Client {
  const options = {
    model,
    ...(baseUrl !== null && { baseURL: baseUrl }),
    ...(apiKeyVariable !== null && { apiKeyVariable }),
  };
  return provider === "anthropic" ? anthropicClient(options) : openaiClient(options);
}
