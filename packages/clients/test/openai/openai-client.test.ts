import { openaiClient } from "@rlmflow/clients/openai";
import type { Message } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { detailsOf, failureOf } from "../failure-of.ts";
import { chunk, DONE, event, streams, usageChunk } from "../provider/openai-wire.ts";
import {
  type Answer,
  beginEvents,
  eventually,
  pause,
  providerServer,
  write,
} from "../provider/provider-server.ts";

const QUESTION: readonly Message[] = [{ role: "user", content: "hello" }];
const STOP = chunk({}, "stop");

async function started(answer: Answer, options: Partial<Parameters<typeof openaiClient>[0]> = {}) {
  const server = await providerServer(answer);
  const client = openaiClient({ model: "gpt-test", baseURL: server.url, ...options });
  return { server, client, [Symbol.asyncDispose]: () => server.close() };
}

describe("openaiClient reads a reply", () => {
  test("piece by piece, while it is still being written", async () => {
    const gate = Promise.withResolvers<void>();
    await using rig = await started(async (_request, response) => {
      beginEvents(response);
      await write(response, chunk({ role: "assistant", content: "" }));
      await write(response, chunk({ content: "one " }));
      await gate.promise;
      await write(response, chunk({ content: "two" }) + STOP + DONE);
      response.end();
    });
    const pieces: string[] = [];
    const chat = rig.client.chat(QUESTION, { onText: (piece) => pieces.push(piece) });
    await eventually(() => pieces.length === 1);
    expect(pieces).toEqual(["one "]);
    gate.resolve();
    expect((await chat).text).toBe("one two");
    expect(pieces).toEqual(["one ", "two"]);
  });

  test("whose characters are split between packets", async () => {
    const text = "naïve 日本語 👩‍🚀 done";
    await using rig = await started(async (_request, response) => {
      beginEvents(response);
      for (const byte of Buffer.from(chunk({ content: text }) + STOP + DONE))
        await write(response, Uint8Array.of(byte));
      response.end();
    });
    const pieces: string[] = [];
    const reply = await rig.client.chat(QUESTION, { onText: (piece) => pieces.push(piece) });
    expect(reply.text).toBe(text);
    expect(pieces.join("")).toBe(text);
  });

  test("of a megabyte", async () => {
    const piece = "0123456789abcdef".repeat(64);
    const body = chunk({ content: piece }).repeat(1024) + STOP + DONE;
    await using rig = await started((_request, response) => {
      beginEvents(response);
      response.end(body);
    });
    const reply = await rig.client.chat(QUESTION);
    expect(reply.text.length).toBe(1024 * 1024);
    expect(reply.text).toBe(piece.repeat(1024));
  });

  test("with every part of the usage", async () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 80 },
      completion_tokens_details: { reasoning_tokens: 30 },
      cost: 0.0012345,
    };
    await using rig = await started(streams(["hi"], STOP, usageChunk(usage), DONE));
    const reply = await rig.client.chat(QUESTION);
    expect(reply.usage).toEqual({ input: 100, cached: 80, output: 50, reasoning: 30, costMicroUsd: 1235 });
    expect(reply.model).toBe("gpt-test-2026-11-01");
  });

  test("whose usage is not made of counts as unknown usage", async () => {
    const usage = { prompt_tokens: -1, completion_tokens: "12", prompt_tokens_details: null, cost: "free" };
    await using rig = await started(streams(["hi"], STOP, usageChunk(usage), DONE));
    const { usage: read } = await rig.client.chat(QUESTION);
    expect(read).toEqual({ input: null, cached: null, output: null, reasoning: null, costMicroUsd: null });
  });

  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content_filter", "filtered"],
    ["tool_calls", "other"],
    ["something_new", "other"],
  ])("that ended with %s as %s", async (wire, finishReason) => {
    await using rig = await started(streams(["hi"], chunk({}, wire), DONE));
    expect(await rig.client.chat(QUESTION)).toMatchObject({ text: "hi", finishReason });
  });

  test("that is a refusal as refused, with its words", async () => {
    await using rig = await started(
      streams([], chunk({ refusal: "I will " }), chunk({ refusal: "not." }), STOP, DONE),
    );
    const pieces: string[] = [];
    const reply = await rig.client.chat(QUESTION, { onText: (piece) => pieces.push(piece) });
    expect(reply).toMatchObject({ text: "I will not.", finishReason: "refused" });
    expect(pieces).toEqual(["I will ", "not."]);
  });

  test("without reasoning, other choices, comments and events of unknown shape", async () => {
    const other = event({ choices: [{ index: 1, delta: { content: "second choice" } }] });
    const strange = [
      event({}),
      event({ choices: null }),
      event({ choices: [{ index: 0, delta: null }] }),
      event([]),
    ];
    const thought = chunk({ reasoning_content: "let me think", content: null });
    await using rig = await started(
      streams(["a"], ": keep-alive\n\n", thought, other, ...strange, STOP, DONE),
    );
    expect((await rig.client.chat(QUESTION)).text).toBe("a");
  });

  test("from a server that never says [DONE]", async () => {
    await using rig = await started(streams(["a"], STOP));
    expect((await rig.client.chat(QUESTION)).text).toBe("a");
  });

  test("that was over when the connection broke", async () => {
    await using rig = await started(async (_request, response) => {
      beginEvents(response);
      await write(response, chunk({ content: "paid for" }) + STOP);
      response.destroy();
    });
    expect(await rig.client.chat(QUESTION)).toMatchObject({ text: "paid for", usage: { input: null } });
  });
});

describe("openaiClient sends", () => {
  async function sent(options: Partial<Parameters<typeof openaiClient>[0]>, chat = {}, messages = QUESTION) {
    await using rig = await started(streams(["ok"], STOP, DONE), options);
    await rig.client.chat(messages, chat);
    const [request] = rig.server.requests;
    if (request === undefined) throw new Error("nothing was sent");
    return request;
  }

  test("a streamed Chat Completions request that asks for usage", async () => {
    const { path, body } = await sent({});
    expect(path).toBe("/v1/chat/completions");
    expect(body).toEqual({
      model: "gpt-test",
      messages: [{ role: "user", content: "hello" }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test("half a character as the sign for one that is missing", async () => {
    const { text } = await sent({}, {}, [{ role: "user", content: "cut \ud83d" }]);
    expect(text).toContain("cut \ufffd");
  });

  test("the effect key as idempotency key", async () => {
    const { headers } = await sent({}, { effectKey: "run1/main/root.scan_1#3/0" });
    expect(headers["idempotency-key"]).toBe("run1/main/root.scan_1#3/0");
  });

  test.each([
    [
      "letters of any alphabet",
      "run/main/root.größe\r\nx-evil: 1",
      /^run\/main\/root\.gr%C3%B6%C3%9Fe%0D%0Ax-evil:%201$/,
    ],
    ["any length", `run/main/${"a".repeat(1000)}#1`, /^[0-9a-f]{64}$/],
    ["half a character", "run/main/\ud800#1", /^run\/main\/%EF%BF%BD#1$/],
  ])("an effect key with %s", async (_name, effectKey, header) => {
    const { headers } = await sent({}, { effectKey });
    expect(headers["idempotency-key"]).toMatch(header);
    expect(headers["x-evil"]).toBeUndefined();
  });

  test("the smaller of the two bounds on output", async () => {
    expect((await sent({ maxOutputTokens: 500 })).body.max_completion_tokens).toBe(500);
    expect((await sent({ maxOutputTokens: 500 }, { maxOutputTokens: 900 })).body.max_completion_tokens).toBe(
      500,
    );
    expect((await sent({ maxOutputTokens: 500 }, { maxOutputTokens: 90 })).body.max_completion_tokens).toBe(
      90,
    );
  });

  test("the bound under the name that old servers know", async () => {
    const { body } = await sent({ maxOutputTokens: 500, tokenLimitField: "max_tokens" });
    expect(body.max_tokens).toBe(500);
    expect(body).not.toHaveProperty("max_completion_tokens");
  });

  test("effort, extra fields and headers, but no other model or messages", async () => {
    const { body, headers } = await sent({
      reasoningEffort: "low",
      extraBody: { seed: 7, stream_options: null, model: "other", stream: false },
      headers: { "x-title": "rlmflow" },
    });
    expect(body).toMatchObject({ reasoning_effort: "low", seed: 7, stream_options: null });
    expect(body).toMatchObject({ model: "gpt-test", stream: true });
    expect(headers["x-title"]).toBe("rlmflow");
  });

  const schema = { type: "object", title: "A Verdict!", properties: { ok: { type: "boolean" } } } as const;

  test("the schema of an object as response format", async () => {
    const { body } = await sent({}, { output: schema });
    expect(body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "A_Verdict_", schema, strict: false },
    });
  });

  test.each([
    ["a schema of something else", {}, { type: "string" }],
    ["a schema that is true", {}, true],
    ["any schema when told so", { structuredOutput: false }, schema],
  ])("no response format for %s", async (_name, options, output) => {
    expect((await sent(options, { output })).body).not.toHaveProperty("response_format");
  });
});

describe("openaiClient chooses its key", () => {
  test("from the option", async () => {
    await using rig = await started(streams(["ok"], STOP, DONE), { apiKey: "sk-option" });
    await rig.client.chat(QUESTION);
    expect(rig.server.requests[0]?.headers.authorization).toBe("Bearer sk-option");
  });

  test("never from OPENAI_API_KEY for a server that was named by address", async () => {
    process.env.OPENAI_API_KEY = "sk-secret";
    process.env.OPENAI_ORG_ID = "org-secret";
    try {
      await using rig = await started(streams(["ok"], STOP, DONE));
      await rig.client.chat(QUESTION);
      expect(JSON.stringify(rig.server.requests[0]?.headers)).not.toContain("secret");
      expect(rig.server.requests[0]?.headers.authorization).toBe("Bearer none");
    } finally {
      delete process.env.OPENAI_API_KEY;
      delete process.env.OPENAI_ORG_ID;
    }
  });

  test("from the variable it is told", async () => {
    process.env.RLMFLOW_TEST_KEY = "sk-variable";
    try {
      await using rig = await started(streams(["ok"], STOP, DONE), { apiKeyVariable: "RLMFLOW_TEST_KEY" });
      await rig.client.chat(QUESTION);
      expect(rig.server.requests[0]?.headers.authorization).toBe("Bearer sk-variable");
    } finally {
      delete process.env.RLMFLOW_TEST_KEY;
    }
  });

  test("and fails with missing_key before anything is sent", async () => {
    await using rig = await started(streams(["ok"], STOP, DONE), { apiKeyVariable: "RLMFLOW_TEST_KEY" });
    const error = await failureOf(rig.client.chat(QUESTION));
    expect(error.code).toBe("missing_key");
    expect(error.message).toBe(
      "openaiClient has no key. Set the environment variable RLMFLOW_TEST_KEY or pass the option apiKey.",
    );
    expect(rig.server.requests).toEqual([]);
  });

  test("OPENAI_API_KEY being the one to set for OpenAI itself", async () => {
    const { OPENAI_API_KEY } = process.env;
    delete process.env.OPENAI_API_KEY;
    try {
      const error = await failureOf(openaiClient({ model: "gpt-test" }).chat(QUESTION));
      expect(error.message).toContain("OPENAI_API_KEY");
    } finally {
      if (OPENAI_API_KEY !== undefined) process.env.OPENAI_API_KEY = OPENAI_API_KEY;
    }
  });
});

describe("openaiClient keeps time", () => {
  test("a server that never answers is left after idleTimeoutMs", async () => {
    await using rig = await started(() => undefined, { idleTimeoutMs: 80 });
    const error = await failureOf(rig.client.chat(QUESTION));
    expect(error.details.reason).toBe("timeout");
    expect(error.message).toContain("idleTimeoutMs");
    await eventually(() => rig.server.closed === 1);
    expect(rig.server.closed).toBe(1);
  });

  test("a body that stalls is left after idleTimeoutMs", async () => {
    await using rig = await started(
      async (_request, response) => {
        beginEvents(response);
        await write(response, chunk({ content: "and then" }));
      },
      { idleTimeoutMs: 80 },
    );
    expect(await detailsOf(rig.client.chat(QUESTION))).toMatchObject({ reason: "timeout" });
    await eventually(() => rig.server.closed === 1);
    expect(rig.server.closed).toBe(1);
  });

  test("bytes that carry no text are signs of life", async () => {
    await using rig = await started(
      async (_request, response) => {
        beginEvents(response);
        for (let count = 0; count < 8; count += 1) {
          await pause(100);
          await write(response, ": still thinking\n\n");
        }
        response.end(chunk({ content: "worth it" }) + STOP + DONE);
      },
      { idleTimeoutMs: 500 },
    );
    expect((await rig.client.chat(QUESTION)).text).toBe("worth it");
  });

  test("a reply that goes on and on is left after timeoutMs", async () => {
    await using rig = await started(
      async (_request, response) => {
        beginEvents(response);
        while (!response.destroyed) await write(response, chunk({ content: "on and " }));
      },
      { timeoutMs: 150 },
    );
    const error = await failureOf(rig.client.chat(QUESTION));
    expect(error.details.reason).toBe("timeout");
    expect(error.message).toContain("timeoutMs");
    await eventually(() => rig.server.closed === 1);
    expect(rig.server.closed).toBe(1);
  });

  test("an abort in the middle of a reply reaches the server at once", async () => {
    await using rig = await started(async (_request, response) => {
      beginEvents(response);
      await write(response, chunk({ content: "and then" }));
    });
    const aborter = new AbortController();
    const chat = detailsOf(
      rig.client.chat(QUESTION, { signal: aborter.signal, onText: () => aborter.abort() }),
    );
    expect(await chat).toMatchObject({ reason: "aborted" });
    await eventually(() => rig.server.closed === 1);
    expect(rig.server.closed).toBe(1);
  });
});

test("openaiClient names every bad option at once", () => {
  const options = {
    model: "",
    baseURL: "localhost:8000",
    idleTimeoutMs: 0,
    timeoutMs: Number.POSITIVE_INFINITY,
    maxOutputTokens: 1.5,
    headers: { a: 1 },
    modle: "gpt",
  };
  let message = "";
  try {
    Reflect.apply(openaiClient, undefined, [options]);
  } catch (error) {
    message = String(error);
  }
  expect(message.split("\n")).toEqual([
    "RLMError: openaiClient was given options it cannot use:",
    "- modle: there is no such option",
    expect.stringContaining("- idleTimeoutMs: it must be a whole number of milliseconds"),
    expect.stringContaining("- timeoutMs: it must be"),
    "- model: it must be a string that is not empty",
    "- baseURL: it must be an absolute http or https address",
    "- headers: it must be an object of strings",
    "- maxOutputTokens: it must be a whole number above 0",
  ]);
});
