import type { ServerResponse } from "node:http";
import { type FlowOptions, RLMFlow, type RunResult } from "@rlmflow/core";
import { checkRun } from "@rlmflow/testing";
import { expect, test } from "vitest";
import { inlineRuntime } from "../../../core/test/engine/inline-runtime.ts";
import { anthropicClient } from "../../src/anthropic/index.ts";
import { openaiClient } from "../../src/openai/index.ts";
import * as anthropic from "../provider/anthropic-wire.ts";
import { chunk, DONE, event, usageChunk } from "../provider/openai-wire.ts";
import {
  type ProviderServer,
  providerServer,
  refuse,
  type SeenRequest,
} from "../provider/provider-server.ts";

type Answered = (response: ServerResponse, place: number, request: SeenRequest) => void;

interface Told {
  readonly role: string;
  readonly content: string;
}

const told = ({ body }: SeenRequest): readonly Told[] => body.messages as readonly Told[];
const repl = (code: string) => `\`\`\`repl\n${code}\n\`\`\``;
const sends = (response: ServerResponse, ...parts: readonly string[]) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(parts.join(""));
};
const says = (
  response: ServerResponse,
  text: string,
  usage: object = { prompt_tokens: 11, completion_tokens: 7 },
) => sends(response, chunk({ content: text }), chunk({}, "stop"), usageChunk(usage), DONE);

/** Runs one agent whose provider answers so: what came of it, and what was asked. */
async function ran(
  answered: Answered,
  options: Partial<FlowOptions> = {},
  clientFor = (server: ProviderServer) => openaiClient({ model: "river-1", baseURL: server.url }),
) {
  let place = 0;
  await using server = await providerServer((request, response) => {
    place += 1;
    answered(response, place, request);
  });
  await using flow = new RLMFlow({ client: clientFor(server), runtime: inlineRuntime(), ...options });
  const outcome = await flow.run("What is it?").then(
    (result: RunResult<unknown>) => ({ result, error: null }),
    (error: unknown) => ({ result: null, error: error instanceof Error ? error : new Error(String(error)) }),
  );
  if (outcome.result !== null) checkRun(outcome.result.graph);
  return { ...outcome, answer: outcome.result?.answer, requests: server.requests };
}

test("an empty reply does not make the next request one that strict servers refuse", async () => {
  const { answer } = await ran((response, place, request) => {
    const isEmpty = ({ content }: Told) => content.trim() === "";
    if (told(request).some(isEmpty)) refuse(response, 400, { error: { message: "must not be empty" } });
    else says(response, place === 1 ? "" : repl("done('well')"));
  });
  expect(answer).toBe("well");
});

test("a call of a tool is told to the model", async () => {
  const call = { index: 0, function: { name: "python", arguments: '{"code":"print(6*7)"}' } };
  const { answer, requests } = await ran((response, place) => {
    if (place > 1) says(response, repl("done('well')"));
    else sends(response, chunk({ content: null, tool_calls: [call] }), chunk({}, "tool_calls"), DONE);
  });
  expect(answer).toBe("well");
  expect(told(requests[1] as SeenRequest).at(-1)?.content).toContain("print(6*7)");
});

test("a reply that went into reasoning up to its bound is told to the model as cut", async () => {
  const { answer, requests } = await ran((response, place) => {
    if (place > 1) says(response, repl("done('well')"));
    else sends(response, chunk({ reasoning_content: "long thoughts" }), chunk({}, "length"), DONE);
  });
  expect(answer).toBe("well");
  expect(told(requests[1] as SeenRequest).at(-1)?.content).toContain("cut off at its token limit");
});

test.each([
  ["<think>\nBerlin? No.\n</think>\n\nParis", "Paris"],
  ["Berlin? No.</think>Paris", "Paris"],
])("a query is answered without the reasoning in %j", async (text, answer) => {
  const seen = await ran((response, _place, request) => {
    const isQuery = told(request).length === 1;
    says(response, isQuery ? text : repl('done((await llmQuery("The capital of France?")).trim())'));
  });
  expect(seen.answer).toBe(answer);
  expect(seen.requests.length).toBe(2);
});

test("an empty account ends the run with one request, and the error says so", async () => {
  const { error, requests } = await ran((response) => {
    const type = "exceeded_current_quota_error";
    refuse(response, 429, { error: { message: "suspended due to insufficient balance", type } });
  });
  expect(requests.length).toBe(1);
  expect(error?.message).toMatch(/river-1.*quota.*insufficient balance.*Waiting does not help/);
});

test("a wait of a day ends the run with when to try again", async () => {
  const { error, requests } = await ran((response) => {
    refuse(response, 429, { error: { message: "slow down" } }, { "retry-after": "86400" });
  });
  expect(requests.length).toBe(1);
  expect(error?.message).toMatch(/asks to wait until \d{4}-\d\d-\d\dT.*try again then/);
});

test("a reply that broke off is asked for again, and its code is not run", async () => {
  const { answer, result, requests } = await ran((response, place) => {
    if (place === 1)
      sends(response, chunk({ content: repl("done('first')") }), chunk({}, "network_error"), DONE);
    else if (place === 2)
      sends(response, chunk({ content: "```repl\ndone('sec" }), event({ error: "over capacity" }));
    else says(response, repl("done('third')"));
  });
  expect(answer).toBe("third");
  expect(requests.length).toBe(3);
  const attempts = result?.graph.lastAction("root")?.attempts.map(({ outcome }) => outcome);
  expect(attempts).toEqual(["incomplete", "overloaded", "complete"]);
});

test("Anthropic's overload in the middle of a block is asked again", async () => {
  const start = anthropic.start({ input_tokens: 21, output_tokens: 1 });
  const overload = anthropic.event({
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
  });
  const { answer, result } = await ran(
    (response, place) => {
      const half = anthropic.textBlock(0, ["```repl\ndone('first"]);
      const whole = [
        ...anthropic.textBlock(0, [repl("done('second')")]),
        ...anthropic.stop("end_turn", { output_tokens: 9 }),
      ];
      sends(response, start, ...(place === 1 ? [...half, overload] : whole));
    },
    {},
    (server) => anthropicClient({ model: "river-a", baseURL: server.url.replace(/\/v1$/, "") }),
  );
  expect(answer).toBe("second");
  expect(result?.graph.lastAction("root")?.reply).toBe(repl("done('second')"));
});

test("what DeepSeek's cache gave has its own price, and a cost that depends on what nobody says is unknown", async () => {
  const prices = {
    "river-1": { inputPerMillionUsd: 0.14, cachedPerMillionUsd: 0.0028, outputPerMillionUsd: 0.28 },
  };
  const counts = { prompt_tokens: 10_000, completion_tokens: 100, total_tokens: 10_100 };
  const costOf = async (usage: object) =>
    (await ran((response) => says(response, repl("done(1)"), usage), { prices })).result?.usage;
  expect(await costOf({ ...counts, prompt_cache_hit_tokens: 9000 })).toMatchObject({
    costMicroUsd: 193,
    unknownCost: 0,
  });
  expect(await costOf(counts)).toMatchObject({ costMicroUsd: 0, unknownCost: 1 });
});
