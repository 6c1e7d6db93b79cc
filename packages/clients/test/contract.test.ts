import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anthropicClient } from "@rlmflow/clients/anthropic";
import { cachedClient } from "@rlmflow/clients/cached";
import { openaiClient } from "@rlmflow/clients/openai";
import type { Client } from "@rlmflow/core";
import { type ClientDriver, clientContract, type ProviderScript } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { failureOf } from "./failure-of.ts";
import { anthropicAnswer } from "./provider/anthropic-wire.ts";
import { openaiAnswer } from "./provider/openai-wire.ts";
import { type Answer, providerServer, refuse } from "./provider/provider-server.ts";

function overLoopback(
  answer: (script: ProviderScript) => Answer,
  makeClient: (baseURL: string) => Client | Promise<Client>,
  clean: () => Promise<void> = async () => undefined,
): ClientDriver {
  return {
    async open(script) {
      const server = await providerServer(answer(script));
      return {
        client: await makeClient(server.url),
        seen: () => ({ requests: server.requests.map(({ text }) => text), closed: server.closed }),
        async close() {
          await server.close();
          await clean();
        },
      };
    },
  };
}

const openaiOverLoopback = overLoopback(openaiAnswer, (baseURL) =>
  openaiClient({ model: "gpt-test", baseURL }),
);

const anthropicOverLoopback = overLoopback(anthropicAnswer, (baseURL) =>
  anthropicClient({ model: "claude-test", baseURL: baseURL.replace(/\/v1$/, "") }),
);

let directory = "";
const cachedOverLoopback = overLoopback(
  openaiAnswer,
  async (baseURL) => {
    directory = await mkdtemp(join(tmpdir(), "rlmflow-cached-"));
    return cachedClient(openaiClient({ model: "gpt-test", baseURL }), { directory });
  },
  () => rm(directory, { recursive: true, force: true }),
);

describe.each([
  ["openaiClient", openaiOverLoopback],
  ["anthropicClient", anthropicOverLoopback],
  ["cachedClient around openaiClient", cachedOverLoopback],
])("%s keeps the client contract", (_name, driver) => {
  for (const check of clientContract(driver)) test(check.name, check.run);
});

test.each([
  ["openaiClient", openaiClient],
  ["anthropicClient", anthropicClient],
])("%s keeps secrets out of what it says, also where the server quotes them", async (_name, makeClient) => {
  await using server = await providerServer((request, response) => {
    const quoted = ["authorization", "x-api-key", "x-gateway-token"].map((name) => request.headers[name]);
    refuse(response, 401, { error: { message: `Not known: ${quoted.join(", ")}` } });
  });
  const apiKey = "sk-planted-7f3a";
  const headers = { "X-Gateway-Token": "Token gate-planted-19", "X-Title": "planted in a title" };
  const client = makeClient({ model: "m", apiKey, headers, baseURL: server.url });
  const { message } = await failureOf(client.chat([{ role: "user", content: "hello" }]));
  expect(message).toContain("[secret]");
  expect(message).not.toContain("planted");
  expect(server.requests.length).toBe(1);
});
