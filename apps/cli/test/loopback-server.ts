import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server was asked: the first message of the user, and how often the model has replied before. */
export interface Asked {
  readonly query: string;
  readonly turn: number;
}

/** A server that speaks Chat Completions and writes what it is told to. */
export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** The bodies of the requests, and what their `authorization` said. */
  readonly received: readonly { readonly body: string; readonly authorization: string }[];
}

interface Body {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

/** Starts a server whose replies come from `reply`; a number is sent as the status of a failure. */
export async function loopbackServer(
  reply: (asked: Asked) => string | number | Promise<string | number>,
): Promise<LoopbackServer> {
  const asked: Asked[] = [];
  const received: { readonly body: string; readonly authorization: string }[] = [];
  const server = createServer(async (request, response) => {
    const sent = await textOf(request);
    received.push({ body: sent, authorization: request.headers.authorization ?? "" });
    const body: Body = JSON.parse(sent);
    const query = body.messages.find((message) => message.role === "user")?.content ?? "";
    const turn = body.messages.filter((message) => message.role === "assistant").length;
    asked.push({ query, turn });
    const text = await reply({ query, turn });
    if (response.destroyed) return;
    if (typeof text === "number") {
      response.writeHead(text, { "content-type": "application/json" });
      // Some servers quote what they refuse.
      const message = `status ${text} for "${request.headers.authorization}"`;
      response.end(JSON.stringify({ error: { message } }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const data of [...events(body.model, text).map((event) => JSON.stringify(event)), "[DONE]"]) {
      response.write(`data: ${data}\n\n`);
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The code as a model sends it. */
export function block(code: string): string {
  return `\`\`\`repl\n${code}\n\`\`\``;
}

function events(model: string, text: string): readonly object[] {
  const chunk = { id: "chat-1", object: "chat.completion.chunk", created: 1, model };
  const choice = (delta: object, finish: string | null) => [{ index: 0, delta, finish_reason: finish }];
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
  return [
    { ...chunk, choices: choice({ role: "assistant", content: text }, null) },
    { ...chunk, choices: choice({}, "stop") },
    { ...chunk, choices: [], usage },
  ];
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
