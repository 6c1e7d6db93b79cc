import type { Anthropic } from "@anthropic-ai/sdk";
import type { Message } from "@rlmflow/core";

type TextBlock = Anthropic.TextBlockParam;

/** A conversation as the Messages API takes it. */
export interface MessagePrompt {
  readonly system: TextBlock[];
  readonly messages: Anthropic.MessageParam[];
}

/** Which ends are marked for the provider's cache. */
export interface CacheMarks {
  readonly system: boolean;
  readonly messages: boolean;
}

interface Turn {
  readonly role: "user" | "assistant";
  readonly texts: string[];
}

/**
 * The system messages a conversation begins with become the system prompt, later ones are told by the user.
 * Neighbours of one role are one message of several blocks; empty texts, which the API refuses, are left out.
 */
export function messagePrompt(messages: readonly Message[], marks: CacheMarks): MessagePrompt {
  const filled = messages.filter(({ content }) => content !== "");
  const first = filled.findIndex(({ role }) => role !== "system");
  const start = first === -1 ? filled.length : first;
  const turns = turnsOf(filled.slice(start));
  return {
    system: blocks(
      filled.slice(0, start).map(({ content }) => content),
      marks.system,
    ),
    messages: turns.map(({ role, texts }, index) => ({
      role,
      content: blocks(texts, marks.messages && index === turns.length - 1),
    })),
  };
}

function turnsOf(messages: readonly Message[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    if (last?.role === role) last.texts.push(message.content);
    else turns.push({ role, texts: [message.content] });
  }
  return turns;
}

/** Text blocks, half characters made U+FFFD, the last one marked as the end of what the provider keeps. */
function blocks(texts: readonly string[], marked: boolean): TextBlock[] {
  return texts.map((text, index) => ({
    type: "text",
    text: text.toWellFormed(),
    ...(marked && index === texts.length - 1 && { cache_control: { type: "ephemeral" } }),
  }));
}
