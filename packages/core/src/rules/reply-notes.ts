import type { FinishReason } from "../data/node.ts";
import type { ToolCall } from "../protocols/client.ts";

/** The parts of a reply from which one can see how it ended. */
export interface ReplyEnding {
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly toolCalls?: readonly ToolCall[];
}

const SHOWN = 300;

/** For a reply that called a tool, although there are none; empty for other replies. */
export function explainToolCalls({ toolCalls = [] }: ReplyEnding): string {
  const [call] = toolCalls;
  if (call === undefined) return "";
  const { name, arguments: given } = call;
  const shown = given.length > SHOWN ? `${given.slice(0, SHOWN).toWellFormed()}…` : given;
  const named = name === "" ? "a tool" : `the tool \`${name}\``;
  const more = toolCalls.length > 1 ? ` and ${toolCalls.length - 1} more` : "";
  return `Your reply called ${named}${more}, but there are no tools: the call was not run${shown === "" ? "" : ` (${shown})`}. Write code in a block instead.`;
}

/** For a reply that was cut off before any code that can run; empty for other replies. */
export function explainCut({ text, finishReason }: ReplyEnding): string {
  if (finishReason !== "length") return "";
  return text.trim() === ""
    ? "Your reply was cut off at its token limit before it held any text: all tokens went into reasoning. Think less, and write the code early."
    : "Your reply was cut off at its token limit. Write less before the code, and shorter code.";
}
