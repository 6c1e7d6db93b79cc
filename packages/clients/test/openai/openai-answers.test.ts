import { gzipSync } from "node:zlib";
import { openaiClient } from "@rlmflow/clients/openai";
import type { Message } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { failureOf } from "../failure-of.ts";
import { chunk, DONE, event, streams, usageChunk } from "../provider/openai-wire.ts";
import { type Answer, providerServer, refuse } from "../provider/provider-server.ts";

const QUESTION: readonly Message[] = [{ role: "user", content: "hello" }];
const STOP = chunk({}, "stop");
const USAGE = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
const COMPLETION = {
  object: "chat.completion",
  model: "m-1",
  choices: [{ index: 0, message: { role: "assistant", content: "whole" }, finish_reason: "stop" }],
  usage: USAGE,
};
const PASSING = ["rate_limit", "overloaded", "network", "timeout", "incomplete"];

async function replied(answer: Answer) {
  await using server = await providerServer(answer);
  return await openaiClient({ model: "m", baseURL: server.url }).chat(QUESTION);
}

async function failed(answer: Answer, path = "") {
  await using server = await providerServer(answer);
  const client = openaiClient({ model: "m", baseURL: `${server.url}${path}` });
  const { message, details } = await failureOf(client.chat(QUESTION));
  expect(server.requests.length).toBe(1);
  return { message, details, url: server.url, reason: String(details.reason) };
}

const raw =
  (body: string | Uint8Array, type = "text/event-stream"): Answer =>
  (_request, response) => {
    response.writeHead(200, { "content-type": type });
    response.end(body);
  };

describe("an answer that is no clean stream is a reply all the same", () => {
  const text = chunk({ content: "whole" }) + STOP + usageChunk(USAGE) + DONE;
  test.each([
    ["one JSON document", raw(JSON.stringify(COMPLETION), "application/json")],
    ["one JSON document over many lines", raw(JSON.stringify(COMPLETION, null, 2))],
    ["JSON lines", raw(text.replaceAll("data: ", "").replace("[DONE]\n", ""))],
    ["gzip that nobody announced", raw(gzipSync(text))],
    ["a byte order mark", raw(`\ufeff${text}`)],
    ["lines that end in CRLF", raw(text.replaceAll("\n", "\r\n"))],
    ["lines that end in CR", raw(text.replaceAll("\n", "\r"))],
    ["no space behind the colon", raw(text.replaceAll("data: ", "data:"))],
    ["no blank line between two events", raw(text.replaceAll("\n\n", "\n"))],
    [
      "empty events, comments and words that keep the connection open",
      raw(`data:\n\n: ping\n\ndata: ping\n\n${text}`),
    ],
    ["events without data", raw(text.replaceAll("data: ", "event: chunk\n\ndata: "))],
    ["one event over several data lines", raw(text.replaceAll('"choices"', '\ndata: "choices"'))],
    ["the type of plain text", raw(text, "text/plain")],
  ])("%s", async (_name, answer) => {
    const { text: said, finishReason, usage } = await replied(answer);
    expect([said, finishReason, usage.input, usage.output]).toEqual(["whole", "stop", 9, 12]);
  });

  test("also after a redirect on the same host that keeps the request as it is", async () => {
    await using server = await providerServer((request, response) => {
      if (request.path.endsWith("/")) raw(text)(request, response);
      else response.writeHead(307, { location: `${request.path}/` }).end();
    });
    const { text: said } = await openaiClient({ model: "m", baseURL: server.url }).chat(QUESTION);
    expect(said).toBe("whole");
    expect(server.requests.map(({ text: body }) => body)[1]).toBe(server.requests[0]?.text);
  });

  test("whose server never gives a reason, but counts the reply and says [DONE]", async () => {
    const reply = await replied(streams(["whole"], usageChunk(USAGE), DONE));
    expect(reply).toMatchObject({ text: "whole", finishReason: "other", usage: { output: 12 } });
  });
});

describe("an answer that is no reply fails once, with what came and from where", () => {
  const page =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><script>x</script></body></html>";
  test.each([
    ["a web page", raw(page, "text/html"), 'a web page, "Sign in"'],
    [
      "a large web page that does not end",
      raw(page.replace("<body>", `<body>${"a ".repeat(5_000_000)}`)),
      "a web page",
    ],
    [
      "an error as a string",
      raw('{"error":"Unexpected endpoint or method"}'),
      "Unexpected endpoint or method",
    ],
    ["an error as an object", raw('{"error":{"message":"no such route"}}'), "no such route"],
    ["JSON of something else", raw('{"data":[{"id":"model-1"}]}'), "model-1"],
    ["plain text", raw("It works!"), "It works!"],
  ])("%s", async (_name, answer, said) => {
    const { message, reason, url } = await failed(answer);
    expect(PASSING).not.toContain(reason);
    expect(message).toContain(said);
    expect(message).toContain(`${url}/chat/completions`);
    expect(message).toMatch(/baseURL|client's options/);
    expect(message).not.toContain("<script");
    expect(message.length).toBeLessThan(1000);
  });

  test.each([
    [301, "/elsewhere"],
    [302, "https://login.example/sign-in?token=abcdefgh"],
    [307, "https://other.example/v1/chat/completions"],
  ])("a redirect %i to %s, which is not followed", async (status, location) => {
    const { message, reason } = await failed((_request, response) => {
      response.writeHead(status, { location }).end();
    });
    expect(reason).toBe("invalid_request");
    expect(message).toContain("redirects the request");
    expect(message).toContain(new URL(location, "http://127.0.0.1").pathname);
    expect(message).not.toContain("abcdefgh");
  });

  test("a redirect that goes round in circles", async () => {
    await using server = await providerServer((request, response) => {
      response.writeHead(308, { location: request.path }).end();
    });
    const error = await failureOf(openaiClient({ model: "m", baseURL: server.url }).chat(QUESTION));
    expect(error.details).toEqual({ reason: "invalid_request", status: 308 });
    expect(server.requests.length).toBe(4);
  });

  test("a page of an error of which only the beginning is read", async () => {
    const { message, reason } = await failed((_request, response) => {
      response.writeHead(404, { "content-type": "text/html" });
      response.end(page.replace("<body>", `<body>${"a ".repeat(5_000_000)}`));
    });
    expect(reason).toBe("invalid_request");
    expect(message).toMatch(/404 a web page, "Sign in"\. Check the address in baseURL/);
  });

  test("a body that is not packed as its header says", async () => {
    const { reason } = await failed((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      response.end("data: {}\n\n");
    });
    expect(PASSING).not.toContain(reason);
  });
});

describe("an error within a stream keeps the server's words", () => {
  const said = "Service is over capacity, please try again later";
  test.each([
    ["a bare string", event({ error: said }), "overloaded"],
    ["an event that is called error", `event: error\n${event({ message: said })}`, "overloaded"],
    ["an event called error that is no JSON", `event: error\ndata: ${said}\n\n`, "overloaded"],
    [
      "beside choices",
      event({ choices: [{ delta: {}, finish_reason: "error" }], error: { message: said, code: 502 } }),
      "overloaded",
    ],
    [
      "inside the choice",
      event({ choices: [{ delta: {}, error: { message: said, code: 429 } }] }),
      "rate_limit",
    ],
    ["without an error around it", event({ object: "error", message: said, code: 503 }), "overloaded"],
    ["behind the last event, without data:", `{"error":{"message":"${said}","code":"504"}}`, "timeout"],
    [
      "as a code of MiniMax",
      event({ base_resp: { status_code: 1008, status_msg: `insufficient balance: ${said}` } }),
      "quota",
    ],
    [
      "as the code of a refusal",
      event({ error: { message: said, code: "context_length_exceeded" } }),
      "context_too_long",
    ],
  ])("%s", async (_name, part, reason) => {
    const failure = await failed(streams(["half a re"], part));
    expect(failure.message).toContain(said);
    expect(failure.reason).toBe(reason);
  });

  test.each([
    "network_error",
    "insufficient_system_resource",
    "abort",
    "ABORTED",
    "cancelled",
    "error",
    "timeout",
  ])("a reply that ended with %s was broken off", async (word) => {
    const { reason, message } = await failed(streams(["half"], chunk({}, word), DONE));
    expect(reason).toBe("incomplete");
    expect(message).toContain(word);
  });

  test.each([
    ["upstream connect error, reset", "overloaded"],
    ["data: Error: insufficient balance\n\n", "quota"],
    ["<html><head><title>Gateway</title></head></html>", "incomplete"],
    ["data: strange words\n\n", "incomplete"],
    ["data: {strange words\n\n", "incomplete"],
  ])("text between the events, %j, is told where the reply ends early", async (text, reason) => {
    const failure = await failed(streams(["half"], text));
    expect(failure.reason).toBe(reason);
    expect(failure.message).toContain(
      text.includes("Gateway") ? "Gateway" : text.replace("data: ", "").trim(),
    );
  });

  test("text between the events is passed over where the reply is whole", async () => {
    expect((await replied(streams(["whole"], "data: strange words\n\n", STOP, DONE))).text).toBe("whole");
  });

  test("a reply that ends early, with the address", async () => {
    const { reason, message, url } = await failed(streams(["half"]));
    expect(reason).toBe("incomplete");
    expect(message).toContain(`${url}/chat/completions`);
  });
});

describe("reasoning is no part of the text", () => {
  const thoughts = [
    { reasoning_content: "secret" },
    { reasoning: "secret", reasoning_details: [{ type: "reasoning.text", text: "secret" }] },
    { thinking: "secret" },
    { content: [{ type: "thinking", thinking: [{ type: "text", text: "secret" }] }] },
    { content: [{ type: "reasoning", text: "secret" }] },
    { content: [{ type: "text", text: "secret", thought: true }] },
  ];
  test.each(thoughts)("as %j", async (delta) => {
    const usage = { ...USAGE, completion_tokens_details: { reasoning_tokens: 0 } };
    const answer = [chunk({ content: [{ type: "text", text: "an answer" }] }), STOP, usageChunk(usage), DONE];
    const reply = await replied(streams([], chunk(delta), ...answer));
    expect(reply.text).toBe("an answer");
    expect(reply.usage.reasoning).toBeNull();
  });
});

test("calls of tools are told of, though none is offered", async () => {
  const reply = await replied(
    streams(
      [],
      chunk({
        content: null,
        tool_calls: [{ index: 0, id: "t", type: "function", function: { name: "python", arguments: "" } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"code":' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"1"}' } }] }),
      chunk({}, "tool_calls"),
      DONE,
    ),
  );
  expect(reply).toMatchObject({ text: "", finishReason: "other" });
  expect(reply.toolCalls).toEqual([{ name: "python", arguments: '{"code":"1"}' }]);
});

test("a name and a password in an address, or a key in its query, are not told", async () => {
  await using server = await providerServer((request, response) =>
    refuse(response, 404, { error: { message: `no route ${request.path}` } }),
  );
  const baseURL = `${server.url}?api-key=planted-4711`;
  const { message } = await failureOf(openaiClient({ model: "m", baseURL }).chat(QUESTION));
  expect(message).not.toContain("planted-4711");
});

test("one that sends no key is told how to send one", async () => {
  const answer: Answer = (_request, response) =>
    refuse(response, 401, { error: { message: "who are you?" } });
  expect((await failed(answer)).message).toMatch(/No key was sent.*apiKeyVariable.*--api-key-env/);
  await using server = await providerServer(answer);
  const { message } = await failureOf(
    openaiClient({ model: "m", baseURL: server.url, apiKey: "sk-something" }).chat(QUESTION),
  );
  expect(message).toContain("Check the key");
});
