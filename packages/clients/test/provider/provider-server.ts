import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, parsed. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers one request. What it throws ends the test run, so that no mistake in a test stays unseen. */
export type Answer = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

/** A provider on the loopback that keeps what it has seen. */
export interface ProviderServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Requests whose connection was closed from the other side before the answer was over. */
  readonly closed: number;
  /** Connections that were ever opened. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Starts a server that gives the same answer to every request. */
export async function providerServer(answer: Answer): Promise<ProviderServer> {
  const requests: SeenRequest[] = [];
  const closing = { count: 0, deliberate: false };
  let connections = 0;
  const server = createServer(async (incoming, response) => {
    response.on("close", () => {
      if (!response.writableEnded && !closing.deliberate && response.errored === null) closing.count += 1;
    });
    const request = await received(incoming);
    requests.push(request);
    await answer(request, response);
  });
  server.on("connection", () => {
    connections += 1;
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  async function close(): Promise<void> {
    closing.deliberate = true;
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    server.closeAllConnections();
    await closed.promise;
  }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    get closed() {
      return closing.count;
    },
    get connections() {
      return connections;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function received(incoming: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  return { path: incoming.url ?? "", headers: incoming.headers, text, body: JSON.parse(text) };
}

/** Begins an event stream. */
export function beginEvents(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.flushHeaders();
}

/** Writes and waits until the bytes are on their way, and a little longer, so that they arrive apart. */
export async function write(response: ServerResponse, data: string | Uint8Array): Promise<void> {
  const written = Promise.withResolvers<void>();
  response.write(data, () => written.resolve());
  await Promise.race([written.promise, pause(200)]);
  await pause(2);
}

/** Breaks the connection without a word. */
export function cut(response: ServerResponse): void {
  response.destroy(new Error("cut by the provider"));
}

/** Answers with an error as JSON. */
export function refuse(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export function pause(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, milliseconds);
  return promise;
}

/** Waits until it holds; gives up only where it never will. */
export async function eventually(holds: () => boolean): Promise<void> {
  const end = Date.now() + 100_000;
  while (!holds() && Date.now() < end) await pause(5);
}
