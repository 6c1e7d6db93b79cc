import { getEventListeners } from "node:events";
import { anthropicClient } from "@rlmflow/clients/anthropic";
import { openaiClient } from "@rlmflow/clients/openai";
import { type Client, type Message, UNKNOWN_USAGE } from "@rlmflow/core";
import type { ProviderScript } from "@rlmflow/testing";
import { describe, expect, test } from "vitest";
import { watchRequest } from "../../src/request/watched-request.ts";
import { detailsOf } from "../failure-of.ts";
import { anthropicAnswer } from "../provider/anthropic-wire.ts";
import { chunk, DONE, openaiAnswer } from "../provider/openai-wire.ts";
import {
  type Answer,
  beginEvents,
  eventually,
  pause,
  providerServer,
  write,
} from "../provider/provider-server.ts";
import { runProgram } from "./source-program.ts";

const QUESTION: readonly Message[] = [{ role: "user", content: "hello" }];
const SCRIPT: ProviderScript = { text: ["a", "b"], ending: { kind: "finish", reason: "stop" }, usage: null };

describe.each<[string, (script: ProviderScript) => Answer, (url: string) => Client]>([
  ["openaiClient", openaiAnswer, (baseURL) => openaiClient({ model: "m", baseURL })],
  [
    "anthropicClient",
    anthropicAnswer,
    (url) => anthropicClient({ model: "m", baseURL: url.replace("/v1", "") }),
  ],
])("%s", (_name, answer, makeClient) => {
  test("uses a connection again for the next request", async () => {
    await using server = await providerServer(answer(SCRIPT));
    const client = makeClient(server.url);
    for (let count = 0; count < 6; count += 1) await client.chat(QUESTION);
    expect(server.requests.length).toBe(6);
    expect(server.connections).toBeLessThan(4);
    expect(server.closed).toBe(0);
  });

  test("leaves nothing behind on a signal that lives long", async () => {
    await using server = await providerServer(answer(SCRIPT));
    const client = makeClient(server.url);
    const { signal } = new AbortController();
    const chats = Array.from({ length: 30 }, () => client.chat(QUESTION, { signal }));
    await Promise.all(chats);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("makes three hundred requests at once", async () => {
    await using server = await providerServer(answer(SCRIPT));
    const client = makeClient(server.url);
    const replies = await Promise.all(Array.from({ length: 300 }, () => client.chat(QUESTION)));
    expect(replies.every(({ text }) => text === "ab")).toBe(true);
    expect(server.requests.length).toBe(300);
  });
});

test("a server that does not end its response after the reply is left a second later", async () => {
  await using server = await providerServer(async (_request, response) => {
    beginEvents(response);
    await write(response, chunk({ content: "done" }) + chunk({}, "stop") + DONE);
  });
  expect((await openaiClient({ model: "m", baseURL: server.url }).chat(QUESTION)).text).toBe("done");
  expect(server.closed).toBe(0);
  await eventually(() => server.closed === 1);
  expect(server.closed).toBe(1);
});

test("a program ends as soon as its chats have, complete and failed ones", async () => {
  await using server = await providerServer(openaiAnswer(SCRIPT));
  const program = `
    const { openaiClient } = await import(packages + "/clients/src/openai/index.ts");
    const ask = (baseURL) => openaiClient({ model: "m", baseURL }).chat([{ role: "user", content: "hi" }]);
    const { text } = await ask(${JSON.stringify(server.url)});
    const { details } = await ask("http://127.0.0.1:9/v1").catch((thrown) => thrown);
    console.log(JSON.stringify({ text, reason: details.reason }));`;
  expect(await runProgram(program)).toEqual({ text: "ab", reason: "network" });
});

test("an SDK that goes on after an abort is not heard any more", async () => {
  const aborter = new AbortController();
  const pieces: string[] = [];
  const begun = Promise.withResolvers<void>();
  const late = Promise.withResolvers<void>();
  const chat = watchRequest({
    provider: "stubborn",
    limits: { idleTimeoutMs: 5000, timeoutMs: 5000 },
    chat: {
      signal: aborter.signal,
      onText(piece) {
        pieces.push(piece);
        begun.resolve();
      },
    },
    progress: {
      add: (value) => String(value),
      started: true,
      over: false,
      finished: () => null,
      brokenOff: () => null,
      usage: () => UNKNOWN_USAGE,
    },
    secrets: [],
    keySent: true,
    async send() {
      return new Response(
        new ReadableStream({
          async start(controller) {
            const send = (text: string) =>
              controller.enqueue(new TextEncoder().encode(`data: "${text}"\n\n`));
            send("before");
            await begun.promise;
            aborter.abort();
            send("after");
            controller.close();
            late.resolve();
          },
        }),
      );
    },
  });
  expect(await detailsOf(chat)).toEqual({ reason: "aborted" });
  await late.promise;
  await pause(20);
  expect(pieces).toEqual(["before"]);
});
