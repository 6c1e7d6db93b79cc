import { anthropicClient } from "@rlmflow/clients/anthropic";
import type { Message } from "@rlmflow/core";
import { describe, expect, test } from "vitest";
import { failureOf } from "../failure-of.ts";
import { event, start, stop, streams, textBlock } from "../provider/anthropic-wire.ts";
import { type Answer, providerServer, refuse } from "../provider/provider-server.ts";

const QUESTION: readonly Message[] = [{ role: "user", content: "hello" }];
const USAGE = {
  input_tokens: 21,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 1,
};
const END = { output_tokens: 7 };
const WHOLE = [start(USAGE), ...textBlock(0, ["One."]), ...stop("end_turn", END)];

async function replied(answer: Answer) {
  await using server = await providerServer(answer);
  return await anthropicClient({ model: "m", baseURL: server.url.replace(/\/v1$/, "") }).chat(QUESTION);
}

async function failed(answer: Answer) {
  await using server = await providerServer(answer);
  const client = anthropicClient({ model: "m", baseURL: server.url.replace(/\/v1$/, "") });
  const { message, details } = await failureOf(client.chat(QUESTION));
  expect(server.requests.length).toBe(1);
  return { message, reason: String(details.reason), details, url: server.url };
}

const raw =
  (body: string, type = "text/event-stream"): Answer =>
  (_request, response) => {
    response.writeHead(200, { "content-type": type });
    response.end(body);
  };

describe("a gateway's answer is a reply all the same", () => {
  const message = {
    type: "message",
    role: "assistant",
    model: "m-1",
    content: [
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "One." },
    ],
    stop_reason: "end_turn",
    usage: { ...USAGE, ...END },
  };
  test.each([
    ["without event: lines", streams(...WHOLE.map((part) => part.replaceAll(/^event: .*\n/gm, "")))],
    [
      "with an event whose data never came",
      streams(WHOLE[0] ?? "", "event: content_block_delta\n\n", ...WHOLE.slice(1)),
    ],
    ["with empty data and comments", streams(...WHOLE.flatMap((part) => ["data:\n\n", ": ping\n\n", part]))],
    ["as one JSON document", raw(JSON.stringify(message), "application/json")],
    ["with no blank line between events", streams(WHOLE.join("").replaceAll("\n\n", "\n"))],
    ["without message_stop", streams(...WHOLE.slice(0, -1))],
  ])("%s", async (_name, answer) => {
    const { text, finishReason, usage } = await replied(answer);
    expect([text, finishReason, usage.input, usage.output]).toEqual(["One.", "stop", 21, 7]);
  });
});

describe("counts of a gateway are exact or unknown", () => {
  const counted = async (first: object, last: object) => {
    const { usage } = await replied(
      streams(start({ ...first }), ...textBlock(0, ["One."]), ...stop("end_turn", { ...last })),
    );
    return [usage.input, usage.cached, usage.output];
  };
  test.each([
    ["zeros at the start", { input_tokens: 0, output_tokens: 0 }, END, [null, null, 7]],
    [
      "all at the end",
      { input_tokens: 0, output_tokens: 0 },
      { ...END, input_tokens: 19, cache_read_input_tokens: 5, cache_creation_input_tokens: 3 },
      [27, 5, 7],
    ],
    ["zeros at the end", USAGE, { input_tokens: 0, output_tokens: 7 }, [21, 0, 7]],
    ["nothing at the end", USAGE, {}, [21, 0, null]],
    ["no output beside text", USAGE, { output_tokens: 0 }, [21, 0, null]],
    ["nothing at the start", {}, END, [null, null, 7]],
    ["all from the cache", { input_tokens: 0, cache_read_input_tokens: 50 }, END, [50, 50, 7]],
    [
      "no numbers",
      { input_tokens: "21", cache_read_input_tokens: -1 },
      { output_tokens: 1.5 },
      [null, null, null],
    ],
  ])("%s", async (_name, first, last, expected) => {
    expect(await counted(first, last)).toEqual(expected);
  });

  test("an empty reply of zeros is an empty reply", async () => {
    const reply = await replied(
      streams(start({ input_tokens: 0, output_tokens: 0 }), ...stop("end_turn", { output_tokens: 0 })),
    );
    expect(reply).toMatchObject({ text: "", usage: { input: null, output: 0 } });
  });
});

test("a call of a tool is told of, though none is offered", async () => {
  const block = { type: "tool_use", id: "t", name: "python", input: {} };
  const reply = await replied(
    streams(
      start(USAGE),
      event({ type: "content_block_start", index: 0, content_block: block }),
      event({
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: '{"code":' },
      }),
      event({
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json: '"1"}' },
      }),
      event({ type: "content_block_stop", index: 0 }),
      ...stop("tool_use", END),
    ),
  );
  expect(reply.toolCalls).toEqual([{ name: "python", arguments: '{"code":"1"}' }]);
});

describe("an answer that is no reply", () => {
  test("is told of with its address, and does not pass", async () => {
    const { message, reason, url } = await failed(raw("<!doctype html><title>Sign in</title>", "text/html"));
    expect(reason).toBe("invalid_request");
    expect(message).toContain(`${url}/messages`);
    expect(message).toContain("/v1/messages is added to it");
  });

  test.each<[number, unknown, string]>([
    [
      429,
      {
        type: "error",
        error: { type: "1113", message: "Insufficient balance or no resource package. Please recharge." },
      },
      "quota",
    ],
    [
      429,
      {
        type: "error",
        error: { type: "rate_limit_error", message: "Extra usage is required for long context requests." },
      },
      "quota",
    ],
    [
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "You have reached your specified API usage limits.",
        },
      },
      "quota",
    ],
    [
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
        },
      },
      "context_too_long",
    ],
    [
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for m",
        },
      },
      "invalid_request",
    ],
    [529, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "overloaded"],
  ])("%i %j", async (status, body, reason) => {
    const failure = await failed((_request, response) => refuse(response, status, body));
    expect(failure.reason).toBe(reason);
  });

  test("a reply that the gateway broke off is told with what it had counted", async () => {
    const { reason, details } = await failed(
      streams(start(USAGE), ...textBlock(0, ["half"]), ...stop("network_error", END)),
    );
    expect(reason).toBe("incomplete");
    expect(details.usage).toMatchObject({ input: 21 });
  });
});
