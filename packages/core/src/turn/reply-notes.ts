import type { FinishReason } from "../data/node.ts";
import type { ToolCall } from "../protocols/client.ts";

/** How a reply ended, beside its text. */
export interface ReplyEnding {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly toolCalls?: readonly ToolCall[];
}

const SHOWN = 300;

/** Told about a call of a tool, of which there are none; the empty text where none was called. */
export function explainToolCalls({ toolCalls = [] }: ReplyEnding): string {
  const [call] = toolCalls;
  if (call === undefined) return "";
  const { name, arguments: given } = call;
  const shown = given.length > SHOWN ? `${given.slice(0, SHOWN).toWellFormed()}…` : given;
  const named = name === "" ? "a tool" : `the tool \`${name}\``;
  const more = toolCalls.length > 1 ? ` and ${toolCalls.length - 1} more` : "";
  return `Your reply called ${named}${more}, but there are no tools: the call was not run${shown === "" ? "" : ` (${shown})`}. Write code in a block instead.`;
}

/** Told about a reply that was cut before any code that can run; the empty text for one that was not. */
export function explainCut({ text, finishReason }: ReplyEnding): string {
  if (finishReason !== "length") return "";
  return text.trim() === ""
    ? "Your reply was cut at its limit of tokens before it held any text: all of them went into reasoning. Think less, and write the code early."
    : "Your reply was cut at its limit of tokens. Write less before the code, and shorter code.";
}
