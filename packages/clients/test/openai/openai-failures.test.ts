import { deflateSync, gzipSync } from "node:zlib";
import { openaiClient } from "@rlmflow/clients/openai";
import type { Message } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { detailsOf, failureOf } from "../failure-of.ts";
import { chunk, event, streams, usageChunk } from "../provider/openai-wire.ts";
import { type Answer, beginEvents, cut, providerServer, refuse, write } from "../provider/provider-server.ts";

const QUESTION: readonly Message[] = [{ role: "user", content: "hello" }];

async function fails(answer: Answer) {
  await using server = await providerServer(answer);
  const error = await failureOf(openaiClient({ model: "gpt-test", baseURL: server.url }).chat(QUESTION));
  expect(error.code).toBe("request_failed");
  expect(server.requests.length).toBe(1);
  return error;
}

function answers(status: number, error: unknown, headers?: Readonly<Record<string, string>>): Answer {
  return (_request, response) => refuse(response, status, { error }, headers);
}

describe("openaiClient tells apart", () => {
  test.each([
    [429, { code: "rate_limit_exceeded", type: "tokens" }, "rate_limit"],
    [429, { code: "insufficient_quota", type: "insufficient_quota" }, "quota"],
    [402, { code: 402, message: "Insufficient credits" }, "quota"],
    [401, { code: "invalid_api_key" }, "authentication"],
    [403, {}, "authentication"],
    [400, { code: "context_length_exceeded" }, "context_too_long"],
    [400, { message: "This model's maximum context length is 8192 tokens." }, "context_too_long"],
    [413, {}, "context_too_long"],
    [400, { message: "no such field" }, "invalid_request"],
    [404, { code: "model_not_found" }, "invalid_request"],
    [422, {}, "invalid_request"],
    [408, {}, "timeout"],
    [409, {}, "overloaded"],
    [500, { type: "server_error" }, "overloaded"],
    [502, {}, "overloaded"],
    [503, {}, "overloaded"],
    [504, {}, "timeout"],
    [529, {}, "overloaded"],
  ])("status %i with %j as %s", async (status, error, reason) => {
    const { details } = await fails(answers(status, error));
    expect(details).toMatchObject({ reason, status });
  });

  test.each([
    [{ "retry-after": "3" }, 3000],
    [{ "retry-after": "0.25" }, 250],
    [{ "retry-after-ms": "1500", "retry-after": "9" }, 1500],
    [{ date: "Sun, 22 Nov 2026 10:00:00 GMT", "retry-after": "Sun, 22 Nov 2026 10:00:07 GMT" }, 7000],
    [{ date: "Sun, 22 Nov 2026 10:00:07 GMT", "retry-after": "Sun, 22 Nov 2026 10:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-1" }, undefined],
  ])("a rate limit with %j as a wait of %s ms", async (headers, wait) => {
    const { details } = await fails(answers(429, {}, headers));
    expect(details.retryAfterMs).toBe(wait);
  });

  const refusal = JSON.stringify({ error: { message: "no such field", code: "bad" } });
  const large = Buffer.from(JSON.stringify({ error: { message: "x".repeat(1e6) } }));
  test.each<[string, Uint8Array, RegExp]>([
    ["gzip that nobody announced", gzipSync(refusal), /400 no such field/],
    [
      "gzip that is cut",
      gzipSync(`no such field ${"word ".repeat(100)}`).subarray(0, -9),
      /400 no such field/,
    ],
    ["gzip of more than is read", gzipSync(large), /400 \{"error":\{"message":"xxx/],
    ["gzip that is none", Buffer.from([0x1f, 0x8b, 9, 1, 2, 3, 4, 5]), /400 bytes that are no text/],
    ["zlib", deflateSync(refusal), /400 bytes that are no text/],
    [
      "a picture",
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]),
      /400 bytes that are no text/,
    ],
    [
      "text with one byte of another encoding",
      Buffer.from("pas de champ demand\xe9", "latin1"),
      /400 pas de champ demand/,
    ],
    [
      "JSON in another encoding",
      Buffer.from('{"error":{"message":"\xe9\xe8\xe7\xe0\xe9","code":"bad"}}', "latin1"),
      /400 \ufffd/,
    ],
  ])("%s", async (_name, body, said) => {
    const { details, message } = await fails((_request, response) => {
      response.writeHead(400, { "content-type": "application/json" }).end(body);
    });
    expect(details).toMatchObject({ reason: "invalid_request", status: 400 });
    expect(message).toMatch(said);
  });

  test("bytes that are no text in place of a reply, without quoting them", async () => {
    const noise = Buffer.from(Array.from({ length: 400 }, (_, at) => (at * 97) % 256));
    const { message } = await fails((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(noise);
    });
    expect(message).not.toMatch(/\ufffd|\p{Cc}/u);
  });

  test("a page of HTML, of which the message quotes a part", async () => {
    const { details, message } = await fails((_request, response) => {
      response.writeHead(502, { "content-type": "text/html" });
      response.end(`<html>${"bad gateway ".repeat(10_000)}</html>`);
    });
    expect(details.reason).toBe("overloaded");
    expect(message.length).toBeLessThan(1000);
  });

  test.each([
    [{ message: "Rate limited", type: "rate_limit_error" }, "rate_limit"],
    [{ message: "The server had an error", type: "server_error" }, "overloaded"],
    [{ message: "Upstream is down", code: 502 }, "overloaded"],
    [{ message: "Slow down", code: 429 }, "rate_limit"],
    [{ message: "You ran out", code: "insufficient_quota" }, "quota"],
    [{ message: "Something else" }, "unknown"],
  ])("an error inside the stream, %j, as %s", async (error, reason) => {
    const { details, message } = await fails(streams(["half a re"], event({ error })));
    expect(details.reason).toBe(reason);
    expect(message).toContain(error.message);
  });
});

describe("openaiClient takes for incomplete", () => {
  test("a reply that ends without a finish reason, even with [DONE]", async () => {
    const { details, message } = await fails(streams(["half a re"], "data: [DONE]\n\n"));
    expect(details.reason).toBe("incomplete");
    expect(message).toContain("before the model said that it was done");
  });

  test("a chunk that is not JSON", async () => {
    expect((await fails(streams(["half a re"], "data: {nonsense\n\n"))).details.reason).toBe("incomplete");
  });

  test("a reply that the model broke off", async () => {
    expect((await fails(streams(["half"], chunk({}, "error")))).details.reason).toBe("incomplete");
  });

  test("an empty body", async () => {
    const { details } = await fails((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end();
    });
    expect(details.reason).toBe("incomplete");
  });

  test("and says what it consumed where the server had told", async () => {
    const usage = { prompt_tokens: 100, completion_tokens: 7 };
    const { details } = await fails(streams(["half"], usageChunk(usage)));
    expect(details.usage).toEqual({
      input: 100,
      cached: null,
      output: 7,
      reasoning: null,
      costMicroUsd: null,
    });
  });
});

describe("openaiClient takes for a failure of the network", () => {
  test("a connection that breaks in the middle of a reply", async () => {
    const { details } = await fails(async (_request, response) => {
      beginEvents(response);
      await write(response, chunk({ content: "half a re" }));
      cut(response);
    });
    expect(details).toEqual({ reason: "network" });
  });

  test("a connection that breaks before the answer", async () => {
    expect((await fails((_request, response) => cut(response))).details.reason).toBe("network");
  });

  test("a server that is not there", async () => {
    const server = await providerServer(() => undefined);
    await server.close();
    const chat = openaiClient({ model: "gpt-test", baseURL: server.url }).chat(QUESTION);
    expect(await detailsOf(chat)).toEqual({ reason: "network" });
  });
});

test("a failure never carries the key", async () => {
  await using server = await providerServer(answers(401, { message: "no such key" }));
  const client = openaiClient({ model: "gpt-test", baseURL: server.url, apiKey: "sk-very-secret" });
  const error = await failureOf(client.chat(QUESTION));
  expect(error.message).toContain("Check the key");
  expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toContain(
    "sk-very-secret",
  );
});
