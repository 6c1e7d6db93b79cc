import type { Graph } from "../../data/graph/graph.ts";
import type { Message } from "../../protocols/client.ts";
import type { Environment } from "../../protocols/environment.ts";
import { type MessageOptions, Transcript } from "../../rules/messages.ts";
import type { PromptSums } from "../store/prompt-sums.ts";
import { MessageDigest } from "./message-digest.ts";

/** A transcript of up to this many nodes is made again rather than kept while its agent waits for children. */
const SHORT = 64;

/** The messages and digest that a live agent keeps between requests, so that each request costs only what is new in it. */
export class Conversation {
  #transcript: Transcript | null = null;
  #digest: MessageDigest | null = null;

  /** The standard messages of the agent's next request. */
  messages(graph: Graph, agentId: string, options: MessageOptions): readonly Message[] {
    this.#transcript = Transcript.of(graph, agentId, this.#transcript);
    return this.#transcript.messages(options);
  }

  /** Frees what is quickly made again: thousands of agents may wait for their children at a time. */
  rest(): void {
    if (this.#transcript === null || this.#transcript.length > SHORT) return;
    this.#transcript = null;
    this.#digest = null;
  }

  /** The digest of what {@link messages} gives. */
  digest(environment: Environment, prompts?: PromptSums): MessageDigest {
    this.#digest ??= new MessageDigest(environment.digest, prompts);
    return this.#digest;
  }
}
