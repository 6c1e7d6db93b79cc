import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";

interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** How the task of each level begins: all that a server can tell an agent by. */
const TASKS = [
  ["Audit the licences", "root"],
  ["Audit the packages", "auditor"],
  ["CONTEXT is the file", "reader"],
] as const;

/** A server that speaks Chat Completions and answers from `scripted-replies/`; gives its base URL. */
export async function startChatServer(): Promise<{ readonly baseURL: string; readonly server: Server }> {
  const server = createServer(async (request, response) => {
    const { messages } = decodeRequest(await json(request));
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunksOf(replyTo(messages))) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : address;
  return { baseURL: `http://127.0.0.1:${port}/v1`, server };
}

function decodeRequest(body: unknown): { readonly messages: readonly ChatMessage[] } {
  return body as { readonly messages: readonly ChatMessage[] };
}

function replyTo(messages: readonly ChatMessage[]): string {
  const turn = messages.filter(({ role }) => role === "assistant").length;
  const task = messages.find(({ role }) => role === "user")?.content ?? "";
  const level = TASKS.find(([beginning]) => task.includes(beginning))?.[1] ?? "unknown";
  const file = join(import.meta.dirname, "../src/scripted-replies/javascript", `${level}.md`);
  return readFileSync(file, "utf8").split("\n---\n")[turn] ?? "";
}

function chunksOf(reply: string): readonly object[] {
  const common = { id: "chat-1", object: "chat.completion.chunk", created: 1, model: "stand-in" };
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  return [
    { ...common, choices: [{ index: 0, delta: { role: "assistant", content: reply }, finish_reason: null }] },
    { ...common, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { ...common, choices: [], usage },
  ];
}
