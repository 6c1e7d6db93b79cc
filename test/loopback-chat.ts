import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";

interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** The replies of one task, which is told by how it begins: one for each turn. */
export type ChatScript = readonly (readonly [task: string, replies: readonly string[]])[];

/** A server on the loopback that speaks Chat Completions and answers from a script. Close it when done. */
export async function startLoopbackChat(script: ChatScript): Promise<{ baseURL: string; server: Server }> {
  const server = createServer(async (request, response) => {
    const { messages } = decodeRequest(await json(request));
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunksOf(replyTo(script, messages), messages)) {
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : address;
  return { baseURL: `http://127.0.0.1:${port}/v1`, server };
}

/** Only the tests' own programs talk to this server: a message of another shape is their fault. */
function decodeRequest(body: unknown): { readonly messages: readonly ChatMessage[] } {
  return body as { readonly messages: readonly ChatMessage[] };
}

function replyTo(script: ChatScript, messages: readonly ChatMessage[]): string {
  const task = messages.find(({ role }) => role === "user")?.content ?? "";
  const turn = messages.filter(({ role }) => role === "assistant").length;
  const replies = script.find(([beginning]) => task.startsWith(beginning))?.[1];
  return replies?.[turn] ?? `There is no reply for turn ${turn} of the task "${task.slice(0, 80)}".`;
}

function chunksOf(reply: string, messages: readonly ChatMessage[]): readonly object[] {
  const common = { id: "chat-1", object: "chat.completion.chunk", created: 1, model: "loopback" };
  const input = messages.reduce((sum, { content }) => sum + Math.ceil(content.length / 4), 0);
  const output = Math.ceil(reply.length / 4);
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  return [
    { ...common, choices: [{ index: 0, delta: { role: "assistant", content: reply }, finish_reason: null }] },
    { ...common, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { ...common, choices: [], usage },
  ];
}
