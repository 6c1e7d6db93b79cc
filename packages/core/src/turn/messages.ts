import { reopens } from "../data/chain.ts";
import type { ChainNode } from "../data/node.ts";
import type { Message } from "../protocols/client.ts";
import { taskMessage } from "./task-message.ts";

/** What {@link defaultMessages} needs beside the chain. */
export interface MessageOptions {
  /** The system prompt of the agent's newest query. */
  readonly systemPrompt: string;
  /** Messages kept beside the first query, or `null` for all. */
  readonly maxMessages: number | null;
  /** True for the last request the agent is allowed. */
  readonly final: boolean;
}

/** What the model is told with its last request. */
export const FINAL_REQUEST =
  "This is your last reply: no more output will be shown to you. Reply with one block that calls done(...) with the best answer you can give from what you know.";

/** The messages an agent's model is sent, derived from its chain alone: equal chains, equal messages. */
export function defaultMessages(chain: readonly ChainNode[], options: MessageOptions): readonly Message[] {
  const messages: Message[] = [];
  const replaced = new Set(chain.map((node) => (node.type === "action" ? node.replaces : undefined)));
  for (const [place, node] of chain.entries()) {
    const next = chain[place + 1];
    // An end that was opened again repeats the last output, which the model has been shown.
    if (replaced.has(node.id) || (next !== undefined && reopens(next, node))) continue;
    const message = nodeMessage(node);
    if (message !== null) push(messages, message);
  }
  const task = chain.findLast((node) => node.type === "query");
  const later = task === undefined || task === chain[0] ? null : task.query;
  const kept = leaveOut(messages, options.maxMessages, later);
  if (options.final) push(kept, { role: "user", content: FINAL_REQUEST });
  return [{ role: "system", content: options.systemPrompt }, ...kept];
}

function nodeMessage(node: ChainNode): Message | null {
  switch (node.type) {
    case "query":
      return { role: "user", content: taskMessage(node) };
    case "action":
      return {
        role: "assistant",
        content: node.replaces === undefined ? node.reply : fenced(node.code ?? ""),
      };
    case "error":
      // The end at a limit repeats the last output, which the model has been shown.
      if (node.kind === "limit_reached") return null;
      return node.content === "" ? null : { role: "user", content: node.content };
    case "observation":
    case "resume":
      return node.content === "" ? null : { role: "user", content: node.content };
    case "supervising":
    case "result":
      return null;
  }
}

/** Code that somebody put in place of the model's, as the reply it now stands for. */
function fenced(code: string): string {
  let longest = 2;
  for (const [run] of code.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}repl\n${code}\n${fence}`;
}

/** Two messages of one role in a row become one: some providers refuse them otherwise. */
function push(messages: Message[], message: Message): void {
  const last = messages.at(-1);
  if (last?.role === message.role) {
    messages[messages.length - 1] = { role: last.role, content: `${last.content}\n\n${message.content}` };
  } else messages.push(message);
}

/**
 * Keeps the first message, which holds the first query, and the last `maxMessages`. A later task whose query would
 * be left out stands behind the first, so that the model always knows what it works on.
 */
function leaveOut(messages: readonly Message[], maxMessages: number | null, later: string | null): Message[] {
  const [first, ...rest] = messages;
  if (maxMessages === null || first === undefined || rest.length <= maxMessages) return [...messages];
  const last = rest.slice(-maxMessages);
  const left = rest.length - last.length;
  const isIn = ({ role, content }: Message) => role === "user" && later !== null && content.includes(later);
  const task = later !== null && !last.some(isIn) ? [later] : [];
  const parts = [first.content, `(${left} messages left out)`, ...task];
  const kept: Message[] = [{ role: "user", content: parts.join("\n\n") }];
  for (const message of last) push(kept, message);
  return kept;
}
