import { anthropicClient } from "@rlmflow/clients/anthropic";
import type { ChatOptions, Message } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { detailsOf, failureOf } from "../failure-of.ts";
import { event, start, stop, streams, textBlock } from "../provider/anthropic-wire.ts";
import {
  type Answer,
  beginEvents,
  cut,
  eventually,
  pause,
  providerServer,
  refuse,
  write,
} from "../provider/provider-server.ts";

type Options = Partial<Parameters<typeof anthropicClient>[0]>;

const QUESTION: readonly Message[] = [{ role: "user", content: "hello" }];
const USAGE = {
  input_tokens: 10,
  cache_read_input_tokens: 900,
  cache_creation_input_tokens: 90,
  output_tokens: 1,
};
const END = { output_tokens: 42, output_tokens_details: { thinking_tokens: 30 } };
const OK: Answer = streams(start(USAGE), ...textBlock(0, ["ok"]), ...stop("end_turn", END));

async function started(answer: Answer, options: Options = {}) {
  const server = await providerServer(answer);
  const client = anthropicClient({
    model: "claude-test",
    baseURL: server.url.replace(/\/v1$/, ""),
    ...options,
  });
  return { server, client, [Symbol.asyncDispose]: () => server.close() };
}

describe("anthropicClient reads a reply", () => {
  test("of several blocks, thinking left out", async () => {
    const thinking = [
      event({
        type: "content_block_start",
        index: 0,
        content_block: { type: "thinking", thinking: "", signature: "" },
      }),
      event({ type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } }),
      event({ type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "s" } }),
      event({ type: "content_block_stop", index: 0 }),
    ];
    const blocks = [...textBlock(1, ["one ", "two "]), ...textBlock(2, ["three"])];
    await using rig = await started(streams(start(USAGE), ...thinking, ...blocks, ...stop("end_turn", END)));
    const pieces: string[] = [];
    const reply = await rig.client.chat(QUESTION, { onText: (piece) => pieces.push(piece) });
    expect(reply.text).toBe("one two three");
    expect(pieces).toEqual(["one ", "two ", "three"]);
    expect(reply.model).toBe("claude-test-1");
  });

  test("with input that contains what the cache gave and took", async () => {
    await using rig = await started(OK);
    const { usage } = await rig.client.chat(QUESTION);
    expect(usage).toEqual({ input: 1000, cached: 900, output: 42, reasoning: 30, costMicroUsd: null });
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["refusal", "refused"],
    ["pause_turn", "other"],
    ["something_new", "other"],
  ])("that ended with %s as %s", async (reason, finishReason) => {
    await using rig = await started(streams(start(USAGE), ...textBlock(0, ["hi"]), ...stop(reason, END)));
    expect(await rig.client.chat(QUESTION)).toMatchObject({ text: "hi", finishReason });
  });

  test("of a megabyte, its characters split between packets", async () => {
    const piece = "日本語 👩‍🚀 ".repeat(1000);
    const deltas = Array.from({ length: 100 }, () => piece);
    const body = Buffer.from([start(USAGE), ...textBlock(0, deltas), ...stop("end_turn", END)].join(""));
    await using rig = await started(async (_request, response) => {
      beginEvents(response);
      for (let at = 0; at < body.length; at += 65_521) await write(response, body.subarray(at, at + 65_521));
      response.end();
    });
    const { text } = await rig.client.chat(QUESTION);
    expect(text).toBe(deltas.join(""));
    expect(Buffer.byteLength(text)).toBeGreaterThan(1024 * 1024);
  });

  test("that was over when the connection broke", async () => {
    await using rig = await started(async (_request, response) => {
      beginEvents(response);
      const [end] = stop("end_turn", END);
      await write(response, [start(USAGE), ...textBlock(0, ["paid for"]), end].join(""));
      cut(response);
    });
    expect(await rig.client.chat(QUESTION)).toMatchObject({ text: "paid for", usage: { output: 42 } });
  });
});

describe("anthropicClient sends", () => {
  const CONVERSATION: readonly Message[] = [
    { role: "system", content: "You are careful." },
    { role: "user", content: "one" },
    { role: "user", content: "two" },
    { role: "assistant", content: "" },
    { role: "assistant", content: "three" },
    { role: "system", content: "four" },
    { role: "user", content: "five" },
  ];
  const EPHEMERAL = { cache_control: { type: "ephemeral" } };

  async function sent(options: Options, chat: ChatOptions = {}, messages = CONVERSATION) {
    await using rig = await started(OK, options);
    await rig.client.chat(messages, chat);
    const [request] = rig.server.requests;
    if (request === undefined) throw new Error("nothing was sent");
    return request;
  }

  test("neighbours of one role as one message, marked at the ends of what is stable", async () => {
    const { path, body } = await sent({});
    expect(path).toBe("/v1/messages");
    expect(body).toEqual({
      model: "claude-test",
      max_tokens: 16_000,
      stream: true,
      system: [{ type: "text", text: "You are careful.", ...EPHEMERAL }],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "one" },
            { type: "text", text: "two" },
          ],
        },
        { role: "assistant", content: [{ type: "text", text: "three" }] },
        {
          role: "user",
          content: [
            { type: "text", text: "four" },
            { type: "text", text: "five", ...EPHEMERAL },
          ],
        },
      ],
    });
  });

  test("no mark behind a query that is asked once", async () => {
    const { text } = await sent({}, { caller: { agentId: "root", turn: 0, purpose: "query" } });
    expect(text.split("ephemeral").length).toBe(2);
    expect(text).not.toContain("agentId");
  });

  test("half a character as the sign for one that is missing", async () => {
    const { text } = await sent({}, {}, [{ role: "user", content: "cut \ud83d" }]);
    expect(text).toContain("cut \ufffd");
  });

  test("no mark at all when told so", async () => {
    expect((await sent({ promptCaching: false })).text).not.toContain("cache_control");
  });

  test("a conversation that ends with the assistant as it is", async () => {
    const { body } = await sent({ promptCaching: false }, {}, [
      ...QUESTION,
      { role: "assistant", content: "{" },
    ]);
    expect(body.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "hello" }] },
      { role: "assistant", content: [{ type: "text", text: "{" }] },
    ]);
  });

  test.each([
    [{}, {}, 16_000],
    [{ maxOutputTokens: 4000 }, {}, 4000],
    [{ maxOutputTokens: 4000 }, { maxOutputTokens: 100 }, 100],
    [{ maxOutputTokens: 4000 }, { maxOutputTokens: 9000 }, 4000],
  ])("with %j and %j a bound of %i tokens", async (options, chat, bound) => {
    expect((await sent(options, chat)).body.max_tokens).toBe(bound);
  });

  test.each([
    ["adaptive", {}, { type: "adaptive" }],
    [{ budgetTokens: 8000 }, {}, { type: "enabled", budget_tokens: 8000 }],
    [{ budgetTokens: 8000 }, { maxOutputTokens: 4096 }, { type: "enabled", budget_tokens: 2048 }],
    [{ budgetTokens: 8000 }, { maxOutputTokens: 1500 }, { type: "disabled" }],
  ] as const)("thinking %j with %j as %j", async (thinking, chat, wire) => {
    expect((await sent({ thinking }, chat)).body.thinking).toEqual(wire);
  });

  test("effort and the schema of an object, closed as the API wants it", async () => {
    const output = {
      type: "object",
      properties: { n: { type: "integer", minimum: 1 } },
      required: ["n"],
    } as const;
    const { body } = await sent({ effort: "low" }, { output });
    expect(body.output_config).toMatchObject({
      effort: "low",
      format: {
        type: "json_schema",
        schema: { type: "object", required: ["n"], additionalProperties: false },
      },
    });
    expect(output).toEqual({
      type: "object",
      properties: { n: { type: "integer", minimum: 1 } },
      required: ["n"],
    });
  });

  test.each([
    ["of a list", { type: "array" }],
    ["with free keys", { type: "object", additionalProperties: { type: "number" } }],
    [
      "with free keys inside",
      { type: "object", properties: { t: { type: "object", additionalProperties: true } } },
    ],
    ["that the API cannot express", { type: "object", properties: { anything: {} } }],
  ])("no format for a schema %s", async (_name, output) => {
    expect((await sent({}, { output })).body).not.toHaveProperty("output_config");
  });

  test("one key only, and never the environment's to a server that was named by address", async () => {
    process.env.ANTHROPIC_API_KEY = "sk-secret";
    process.env.ANTHROPIC_AUTH_TOKEN = "token-secret";
    try {
      const { headers } = await sent({});
      expect(JSON.stringify(headers)).not.toContain("secret");
      expect((await sent({ apiKey: "sk-option" })).headers.authorization).toBe("Bearer sk-option");
    } finally {
      delete process.env.ANTHROPIC_API_KEY;
      delete process.env.ANTHROPIC_AUTH_TOKEN;
    }
  });
});

describe("anthropicClient tells apart", () => {
  test.each([
    [429, "rate_limit_error", "Slow down", "rate_limit"],
    [401, "authentication_error", "No such key", "authentication"],
    [403, "permission_error", "Not allowed", "authentication"],
    [402, "billing_error", "Pay first", "quota"],
    [400, "invalid_request_error", "Your credit balance is too low to access the API.", "quota"],
    [400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "context_too_long"],
    [400, "invalid_request_error", "max_tokens: must be positive", "invalid_request"],
    [413, "request_too_large", "Request exceeds the maximum size", "context_too_long"],
    [500, "api_error", "Internal server error", "overloaded"],
    [504, "timeout_error", "Timed out", "timeout"],
    [529, "overloaded_error", "Overloaded", "overloaded"],
  ])("status %i %s: %s as %s", async (status, type, message, reason) => {
    const body = { type: "error", error: { type, message } };
    await using rig = await started((_request, response) =>
      refuse(response, status, body, { "retry-after": "2" }),
    );
    const details = await detailsOf(rig.client.chat(QUESTION));
    expect(details).toEqual({ reason, status, retryAfterMs: 2000 });
    expect(rig.server.requests.length).toBe(1);
  });

  test.each([
    ["overloaded_error", "Overloaded", "overloaded"],
    ["rate_limit_error", "Slow down", "rate_limit"],
    ["api_error", "Something is wrong", "overloaded"],
    ["new_error", "Overloaded", "overloaded"],
    ["new_error", "Something is new", "unknown"],
  ])("%s, %s, inside the stream as %s, with the input it had counted", async (type, message, reason) => {
    const failed = event({ type: "error", error: { type, message } });
    await using rig = await started(streams(start(USAGE), ...textBlock(0, ["half"]), failed));
    expect(await detailsOf(rig.client.chat(QUESTION))).toEqual({
      reason,
      usage: { input: 1000, cached: 900, output: null, reasoning: null, costMicroUsd: null },
    });
  });

  test("an early end, an empty body, a chunk that is not JSON", async () => {
    const half = [start(USAGE), ...textBlock(0, ["half"])];
    const garbage = "event: content_block_delta\ndata: {nonsense\n\n";
    const silent = stop(null, END);
    for (const events of [half, [], [...half, garbage], [...half, ...silent]]) {
      await using rig = await started(streams(...events));
      expect(await detailsOf(rig.client.chat(QUESTION))).toMatchObject({ reason: "incomplete" });
    }
  });

  test("a connection that breaks", async () => {
    await using rig = await started(async (_request, response) => {
      beginEvents(response);
      await write(response, start(USAGE));
      cut(response);
    });
    expect(await detailsOf(rig.client.chat(QUESTION))).toMatchObject({
      reason: "network",
      usage: { input: 1000 },
    });
  });

  test("a body that stalls, pings being signs of life", async () => {
    await using rig = await started(
      async (_request, response) => {
        beginEvents(response);
        await write(response, start(USAGE));
        for (let count = 0; count < 8; count += 1) {
          await pause(100);
          await write(response, event({ type: "ping" }));
        }
      },
      { idleTimeoutMs: 500 },
    );
    const began = performance.now();
    const error = await failureOf(rig.client.chat(QUESTION));
    expect(error.details.reason).toBe("timeout");
    expect(performance.now() - began).toBeGreaterThan(900);
    await eventually(() => rig.server.closed === 1);
    expect(rig.server.closed).toBe(1);
  });
});

test("anthropicClient fails with missing_key before anything is sent", async () => {
  await using rig = await started(OK, { apiKeyVariable: "RLMFLOW_TEST_KEY" });
  const error = await failureOf(rig.client.chat(QUESTION));
  expect(error.code).toBe("missing_key");
  expect(error.message).toContain("RLMFLOW_TEST_KEY");
  expect(rig.server.requests).toEqual([]);
});

test("anthropicClient names every bad option at once", () => {
  const make = () => anthropicClient({ model: "m", thinking: { budgetTokens: 10 }, maxOutputTokens: 0 });
  expect(make).toThrow(
    `anthropicClient was given options it cannot use:
- maxOutputTokens: it must be a whole number above 0
- thinking: it must be "adaptive", "disabled" or { budgetTokens } of at least 1024`,
  );
});
