import type { Message } from "../../protocols/client.ts";
import type { Environment } from "../../protocols/environment.ts";
import type { MessagesSum, PromptSums } from "../store/prompt-sums.ts";

/**
 * The digest of messages under the rule `chain`: h(0) is SHA-256 of nothing, h(i) is SHA-256 of h(i-1), a line feed and
 * the JSON of message i, and the digest is the last of them. So a list that extends an earlier one costs only its new
 * messages.
 *
 * Owns: the sum of the longest prefix that the next list may share. Does not own: the messages.
 * 1. Two lists share a prefix where they have the same objects at the same places. So messages must not change: those of
 *    an agent are frozen (messages.ts, invariant 2).
 * 2. The prefix never includes the last message of a list, because later text may be merged into it.
 */
export class MessageDigest {
  readonly #digest: Environment["digest"];
  readonly #prompts: PromptSums;
  readonly #known: Message[] = [];
  #sum: MessagesSum | null = null;

  /** `prompts` are those whose sums were made already, under the same digest; more are added. */
  constructor(digest: Environment["digest"], prompts: PromptSums = new Map()) {
    this.#digest = digest;
    this.#prompts = prompts;
  }

  /** The sum of these messages. Must not be called again before it has resolved. */
  async of(messages: readonly Message[]): Promise<MessagesSum> {
    const known = this.#known;
    let sum = this.#sum;
    if (sum === null || !isPrefix(known, messages)) {
      known.length = 0;
      const [first] = messages;
      if (first?.role === "system" && messages.length > 1) {
        sum = await this.#ofPrompt(first);
        known.push(first);
      } else sum = await this.#ofNothing();
    }
    this.#sum = sum;
    for (let place = known.length; place < messages.length - 1; place++) {
      const message = messages[place];
      if (message === undefined) break;
      sum = await this.#add(sum, message);
      this.#sum = sum;
      known.push(message);
    }
    const last = messages.at(-1);
    return last === undefined ? sum : await this.#add(sum, last);
  }

  async #ofNothing(): Promise<MessagesSum> {
    return { digest: await this.#digest(""), characters: 0 };
  }

  async #ofPrompt(prompt: Message): Promise<MessagesSum> {
    const known = this.#prompts.get(prompt.content);
    if (known !== undefined) return known;
    const sum = await this.#add(await this.#ofNothing(), prompt);
    this.#prompts.set(prompt.content, sum);
    return sum;
  }

  async #add({ digest, characters }: MessagesSum, message: Message): Promise<MessagesSum> {
    const text = `${digest}\n${JSON.stringify(message)}`;
    return { digest: await this.#digest(text), characters: characters + message.content.length };
  }
}

/** True when the list begins with all known messages and has more. */
function isPrefix(known: readonly Message[], list: readonly Message[]): boolean {
  return known.length < list.length && known.every((message, place) => message === list[place]);
}
