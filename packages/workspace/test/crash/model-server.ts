import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { replyTo, type ScriptMessage } from "./model-script.ts";

/** One request as the server saw it. */
export interface SeenRequest {
  /** The effect key, as it came in the header. */
  readonly key: string;
  /** Which life of the process sent it: set by {@link ModelServer.life}. */
  readonly life: number;
  /** True once the last byte of the reply was handed to the system. */
  sent: boolean;
}

/** A model behind a loopback address that answers from the messages alone and counts by effect key. */
export interface ModelServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Counts processes: what arrives from now on comes from this one. */
  life: number;
}

const PIECES = 3;
const MOST_MS_PER_PIECE = 30;

/** Starts the server on a free port of the loopback interface. */
export async function startModelServer(): Promise<ModelServer> {
  const seen: SeenRequest[] = [];
  const state = { life: 0 };
  const server = createServer(async (request, response) => {
    const key = decodeURI(String(request.headers["idempotency-key"] ?? ""));
    const entry: SeenRequest = { key, life: state.life, sent: false };
    seen.push(entry);
    response.once("finish", () => {
      entry.sent = true;
    });
    await answer(request, response, key).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    seen,
    get life() {
      return state.life;
    },
    set life(life) {
      state.life = life;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A streamed Chat Completions reply, its pieces apart in time by what the key says. */
async function answer(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
  const body: { model: string; messages: readonly ScriptMessage[] } = JSON.parse(await text(request));
  const reply = replyTo(body.messages);
  const pause = (crc32(key) % MOST_MS_PER_PIECE) + 1;
  const chunk = { id: "chat", object: "chat.completion.chunk", created: 1, model: body.model };
  const write = (value: object) => response.write(`data: ${JSON.stringify({ ...chunk, ...value })}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const size = Math.ceil(reply.length / PIECES);
  for (let piece = 0; piece < PIECES; piece++) {
    const delta = { role: "assistant", content: reply.slice(piece * size, (piece + 1) * size) };
    write({ choices: [{ index: 0, delta, finish_reason: null }] });
    await sleep(pause);
  }
  write({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
  write({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}
