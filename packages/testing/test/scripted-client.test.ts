import { type Message, type RequestFailureDetails, RLMError } from "@rlmflow/core";
import { scriptedClient } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";

const QUESTION: readonly Message[] = [{ role: "user", content: "12345678" }];

function act(agentId: string, turn: number) {
  return { caller: { agentId, turn, purpose: "act" } } as const;
}

async function failureOf(chat: Promise<unknown>): Promise<{ message: string; reason: unknown }> {
  const error = await chat.catch((thrown: unknown) => thrown);
  if (!RLMError.is(error, "request_failed")) throw error;
  const details: Partial<RequestFailureDetails> = error.details;
  return { message: error.message, reason: details.reason };
}

describe("scriptedClient answers", () => {
  test("by turn and not by the order of arrival", async () => {
    const client = scriptedClient(["first", "second"]);
    const second = await client.chat(QUESTION, act("root", 1));
    const first = await client.chat(QUESTION, act("root", 0));
    const again = await client.chat(QUESTION, act("root", 0));
    expect([first.text, second.text, again.text]).toEqual(["first", "second", "first"]);
  });

  test("each agent from its own list", async () => {
    const client = scriptedClient({ root: ["r0"], "root.a": ["a0", "a1"] });
    expect((await client.chat(QUESTION, act("root.a", 1))).text).toBe("a1");
    expect((await client.chat(QUESTION, act("root", 0))).text).toBe("r0");
  });

  test("from a function that sees who asks what", async () => {
    const client = scriptedClient(async ({ agentId, turn, purpose, messages }) =>
      [agentId, turn, purpose, messages.at(-1)?.content].join(" "),
    );
    const caller = { agentId: "root.a", turn: 3, purpose: "query" } as const;
    expect((await client.chat(QUESTION, { caller })).text).toBe("root.a 3 query 12345678");
  });

  test("a request without a caller as the root, by the replies in it", async () => {
    const client = scriptedClient(["first", "second"]);
    const later: readonly Message[] = [...QUESTION, { role: "assistant", content: "first" }];
    expect((await client.chat(QUESTION)).text).toBe("first");
    expect((await client.chat(later)).text).toBe("second");
  });

  test("with usage estimated from characters, a stop and its own name", async () => {
    expect(await scriptedClient(["12345"]).chat(QUESTION)).toEqual({
      text: "12345",
      finishReason: "stop",
      usage: { input: 2, cached: null, output: 2, reasoning: null, costMicroUsd: null },
      model: "scripted",
    });
  });

  test("with whatever parts of the reply are given", async () => {
    const usage = { input: 1, cached: 1, output: 1, reasoning: 1, costMicroUsd: 5 };
    const client = scriptedClient(() => ({ text: "cut", finishReason: "length", usage }), { model: "m" });
    expect(client.model).toBe("m");
    expect(await client.chat(QUESTION)).toEqual({ text: "cut", finishReason: "length", usage, model: "m" });
  });

  test("in pieces that add up and split no character", async () => {
    const text = "👩‍🚀🎉".repeat(3);
    const pieces: string[] = [];
    await scriptedClient([text]).chat(QUESTION, {
      onText(piece) {
        pieces.push(piece);
        throw new RLMError("closed", "ignored");
      },
    });
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).toBe(text);
    expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
  });
});

describe("scriptedClient fails", () => {
  test("with agent and turn when the script has ended", async () => {
    const failure = await failureOf(scriptedClient({ root: ["a"] }).chat(QUESTION, act("root", 1)));
    expect(failure).toEqual({
      reason: "invalid_request",
      message:
        "The script has no reply for agent root, turn 1. It has 1 for this agent: add the missing ones or make the agent end earlier.",
    });
  });

  test.each([
    ["an agent that is not in it", { root: ["a"] }, act("root.b", 0), "agent root.b, turn 0"],
    ["an agent named like a method", { root: ["a"] }, act("toString", 0), "agent toString, turn 0"],
    ["a child when there is one list", ["a"], act("root.b", 0), "agent root.b, turn 0"],
    [
      "a query",
      ["a"],
      { caller: { agentId: "root", turn: 0, purpose: "query" } } as const,
      "a query of agent root in turn 0",
    ],
  ] as const)("for %s", async (_name, script, options, who) => {
    const failure = await failureOf(scriptedClient(script).chat(QUESTION, options));
    expect(failure.reason).toBe("invalid_request");
    expect(failure.message).toContain(`The script has no reply for ${who}.`);
  });

  test("with what the function throws", async () => {
    const overloaded = new RLMError("request_failed", "busy", { details: { reason: "overloaded" } });
    const busy = scriptedClient(() => {
      throw overloaded;
    });
    await expect(busy.chat(QUESTION)).rejects.toBe(overloaded);
    const wrong = scriptedClient(() => {
      throw new TypeError("oops");
    });
    expect(await failureOf(wrong.chat(QUESTION))).toMatchObject({
      reason: "invalid_request",
      message: expect.stringContaining("TypeError: oops"),
    });
  });

  test.each([
    ["during its latency", scriptedClient(["a"], { latencyMs: 60_000 })],
    ["while the function thinks", scriptedClient(() => Promise.withResolvers<string>().promise)],
  ])("at once when aborted %s", async (_name, client) => {
    const aborter = new AbortController();
    const failed = failureOf(client.chat(QUESTION, { signal: aborter.signal }));
    setTimeout(() => aborter.abort(), 10);
    const began = performance.now();
    expect(await failed).toMatchObject({ reason: "aborted" });
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  test("without asking the script when aborted before", async () => {
    let asked = false;
    const client = scriptedClient(() => {
      asked = true;
      return "a";
    });
    expect(await failureOf(client.chat(QUESTION, { signal: AbortSignal.abort() }))).toMatchObject({
      reason: "aborted",
    });
    expect(asked).toBe(false);
  });
});

test("scriptedClient takes the time it is told, by request", async () => {
  const client = scriptedClient(["a", "b"], { latencyMs: ({ turn }) => (turn === 0 ? 60 : 0) });
  const began = performance.now();
  await client.chat(QUESTION, act("root", 0));
  expect(performance.now() - began).toBeGreaterThanOrEqual(55);
});
