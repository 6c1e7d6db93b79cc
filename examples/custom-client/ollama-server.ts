import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import type { ProviderRefusal, ProviderScript } from "@rlmflow/testing";

const REFUSALS: Readonly<Record<ProviderRefusal, readonly [status: number, said: string]>> = {
  rate_limit: [429, "too many requests"],
  overloaded: [503, "server busy, please try again"],
  authentication: [401, "unauthorized"],
  context_too_long: [400, "the prompt is longer than the context"],
  quota: [402, "the plan is used up"],
  invalid_request: [404, "model 'test' not found"],
};

/** A server on the loopback that answers as Ollama would and does what the script says. */
export async function startServer(script: ProviderScript) {
  const requests: string[] = [];
  const view = { requests, closed: 0 };
  const server = createServer(async (incoming, response) => {
    response.on("close", () => {
      if (!response.writableEnded && response.errored === null) view.closed += 1;
    });
    const body = await text(incoming);
    requests.push(body);
    await answer(script, body, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const stop = async (): Promise<void> => {
    server.close().closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, view, stop };
}

async function answer(script: ProviderScript, body: string, response: ServerResponse): Promise<void> {
  const { ending, usage } = script;
  if (ending.kind === "refuse") {
    const [status, words] = REFUSALS[ending.refusal];
    if (ending.retryAfterMs !== undefined) response.setHeader("retry-after", ending.retryAfterMs / 1000);
    response.writeHead(status).end(JSON.stringify({ error: ending.said ?? words }));
    return;
  }
  const line = (part: object): string => `${JSON.stringify({ model: "test", ...part })}\n`;
  response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
  const thinking = script.reasoning;
  if (thinking !== undefined) response.write(line({ message: { role: "assistant", content: "", thinking } }));
  for (const content of script.text === "echo" ? [JSON.parse(body).messages.at(-1).content] : script.text) {
    response.write(line({ message: { role: "assistant", content }, done: false }));
    // Pieces that arrive apart.
    await pause(2);
  }
  if (ending.kind === "cut") response.destroy(new Error("cut"));
  if (ending.kind === "early_end") response.end();
  if (ending.kind === "error") response.end(line({ error: ending.said }));
  if (ending.kind !== "finish") return;
  // Ollama has no word for a refusal of the model: that is text like any other.
  const done_reason = ending.reason === "length" ? "length" : "stop";
  const counts = usage === null ? {} : { prompt_eval_count: usage.input, eval_count: usage.output };
  response.end(line({ message: { role: "assistant", content: "" }, done: true, done_reason, ...counts }));
}
