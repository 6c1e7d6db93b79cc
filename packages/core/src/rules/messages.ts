import type { Graph } from "../data/graph/graph.ts";
import { reopens } from "../data/may-open-again.ts";
import type { ChainNode, QueryNode } from "../data/node.ts";
import type { Message } from "../protocols/client.ts";

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
  const transcript = new Transcript();
  transcript.extend(chain);
  return transcript.messages(options);
}

/**
 * The conversation with the model of one agent. It grows with the agent's chain, so that a request costs only what is new.
 *
 * Owns: the messages. Does not own: the chain; the system prompt and the limits, which may differ by request.
 * 1. A transcript that was extended in any number of steps equals one that was given the whole chain at once.
 * 2. Its messages are frozen. All but the newest remain the same objects from one request to the next.
 */
export class Transcript {
  readonly #messages: Message[] = [];
  #length = 0;
  #last: ChainNode | null = null;
  /** The agent's newest query where that is not its first. */
  #later: string | null = null;
  #system: Message = frozen("system", "");

  /** Nodes of the chain that are in it. */
  get length(): number {
    return this.#length;
  }

  /**
   * The transcript of the agent's chain in this graph: `before`, extended, if its chain is a prefix of this one and the
   * new nodes take nothing back; else a new one.
   */
  static of(graph: Graph, agentId: string, before: Transcript | null): Transcript {
    if (before !== null && before.#last === (graph.chainAt(agentId, before.#length - 1) ?? null)) {
      const added: ChainNode[] = [];
      for (let place = before.#length; ; place++) {
        const node = graph.chainAt(agentId, place);
        if (node === undefined) break;
        added.push(node);
      }
      if (before.extend(added)) return before;
    }
    const transcript = new Transcript();
    transcript.extend(graph.chain(agentId));
    return transcript;
  }

  /**
   * Adds the nodes that follow in the chain. Returns `false` and adds nothing when they change what came before: they
   * replace an earlier reply, or open an end again.
   */
  extend(nodes: readonly ChainNode[]): boolean {
    const [first] = nodes;
    if (first === undefined) return true;
    if (this.#last !== null && reopens(first, this.#last)) return false;
    const replaced = new Set(nodes.flatMap((node) => (node.type === "action" ? (node.replaces ?? []) : [])));
    if (replaced.size > 0 && this.#length > 0) {
      const known = new Set(nodes.map(({ id }) => id));
      if ([...replaced].some((id) => !known.has(id))) return false;
    }
    for (const [place, node] of nodes.entries()) {
      const next = nodes[place + 1];
      if (node.type === "query" && this.#length + place > 0) this.#later = node.query;
      // An end that was opened again repeats the last output, which the model has been shown.
      if (replaced.has(node.id) || (next !== undefined && reopens(next, node))) continue;
      const message = nodeMessage(node);
      if (message !== null) push(this.#messages, message);
    }
    this.#length += nodes.length;
    this.#last = nodes.at(-1) ?? null;
    return true;
  }

  /** A new list of the messages of a request. */
  messages({ systemPrompt, maxMessages, final }: MessageOptions): readonly Message[] {
    if (this.#system.content !== systemPrompt) this.#system = frozen("system", systemPrompt);
    const system = [this.#system];
    const sent =
      maxMessages === null || this.#messages.length - 1 <= maxMessages
        ? system.concat(this.#messages)
        : system.concat(leaveOut(this.#messages, maxMessages, this.#later));
    if (final) push(sent, frozen("user", FINAL_REQUEST));
    return sent;
  }
}

/** The message of a query, followed in a first one by the description of the input. */
export function taskMessage({ query, input }: Pick<QueryNode, "query" | "input">): string {
  return input === undefined ? query : `${query}\n\n${input}`;
}

/** Sent in place of a reply without text: many providers refuse every request that holds an empty message. */
const EMPTY_REPLY = "(empty reply)";

function nodeMessage(node: ChainNode): Message | null {
  switch (node.type) {
    case "query":
      return frozen("user", taskMessage(node));
    case "action": {
      const content = node.replaces === undefined ? node.reply : fenced(node.code ?? "");
      return frozen("assistant", content.trim() === "" ? EMPTY_REPLY : content);
    }
    case "error":
      // The end at a limit repeats the last output, which the model has been shown.
      if (node.kind === "limit_reached") return null;
      return node.content === "" ? null : frozen("user", node.content);
    case "observation":
    case "resume":
      return node.content === "" ? null : frozen("user", node.content);
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

function frozen(role: Message["role"], content: string): Message {
  return Object.freeze({ role, content });
}

/** Two messages of one role in a row become one: some providers refuse them otherwise. */
function push(messages: Message[], message: Message): void {
  const last = messages.at(-1);
  if (last?.role === message.role) {
    messages[messages.length - 1] = frozen(last.role, `${last.content}\n\n${message.content}`);
  } else messages.push(message);
}

/**
 * Keeps the first message, which holds the first query, and the last `maxMessages`, which are fewer than there are.
 * A later query that would be left out is added to the first message, so that the model knows what it
 * works on.
 */
function leaveOut(messages: readonly Message[], maxMessages: number, later: string | null): Message[] {
  const last = messages.slice(messages.length - maxMessages);
  const left = messages.length - 1 - last.length;
  const isIn = ({ role, content }: Message) => role === "user" && later !== null && content.includes(later);
  const query = later !== null && !last.some(isIn) ? [later] : [];
  const parts = [messages[0]?.content ?? "", `(${left} messages left out)`, ...query];
  const kept = [frozen("user", parts.join("\n\n"))];
  for (const message of last) push(kept, message);
  return kept;
}
