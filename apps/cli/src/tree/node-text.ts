import type { RunNode } from "@rlmflow/core";
import { oneLine } from "../terminal/plain-text.ts";
import { formatCount } from "../terminal/quantities.ts";

type ActionNode = Extract<RunNode, { type: "action" }>;
type BlockRecord = Extract<RunNode, { type: "supervising" }>["block"];

/** What a node says, as one plain line. */
export function nodeText(node: RunNode): string {
  switch (node.type) {
    case "query":
      return node.turn === 0 ? "" : quoted(node.query);
    case "action":
      return actionText(node);
    case "call":
      return callText(node);
    case "observation":
      return node.block === undefined ? quoted(node.content) : outputText(node.block);
    case "resume":
      return outputText(node.block);
    case "supervising":
      return `waits for ${new Set(node.waits.flatMap((wait) => wait.agents)).size}`;
    case "error":
      return `${node.kind}${node.fatal ? " (fatal)" : ""}: ${oneLine(node.message)}`;
    case "result":
      return node.blobs?.result === undefined
        ? quotedValue(node.result)
        : `${formatCount(node.blobs.result.bytes)}B`;
  }
}

/** Input and output tokens of the node's own request, when they are known. */
export function nodeTokens(node: RunNode): { readonly input: number; readonly output: number } | null {
  if (node.type !== "action" && node.type !== "call") return null;
  const { input = null, output = null } = node.usage ?? {};
  return input === null || output === null ? null : { input, output };
}

/** A text in quotes, as one plain line. */
export function quoted(text: string): string {
  const line = oneLine(text);
  return line === "" ? "" : `"${line}"`;
}

/** What the model says before its code, or the code when it says nothing. */
function actionText(node: ActionNode): string {
  const said = oneLine(node.reply.slice(0, 2000).split(/^[ \t>]*(?:```|~~~)/m)[0] ?? "");
  if (said !== "") return `"${said}"`;
  return node.code === null ? "no code" : oneLine(node.code);
}

function callText(node: Extract<RunNode, { type: "call" }>): string {
  if (node.outcome === null) return node.name;
  return node.outcome.ok ? node.name : `${node.name}: ${oneLine(node.outcome.error.message)}`;
}

function outputText(block: BlockRecord): string {
  if (block.output === null) return "long output, kept as a blob";
  if (block.output === "") return "no output";
  const total = block.cut?.total ?? block.output.length;
  const lines = block.output.split("\n").length;
  const shown = block.shown >= total ? "all" : `${formatCount(block.shown)} of them`;
  return `${lines} ${lines === 1 ? "line" : "lines"}, ${formatCount(total)} characters (shown to model: ${shown})`;
}

function quotedValue(value: Extract<RunNode, { type: "result" }>["result"]): string {
  return typeof value === "string" ? quoted(value) : oneLine(JSON.stringify(value));
}
