import type { Edit, RunNode } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { oneLine } from "../text/plain-text.ts";
import { formatCount, formatCounted } from "../text/quantities.ts";

type ActionNode = Extract<RunNode, { type: "action" }>;
type BlockRecord = Extract<RunNode, { type: "supervising" }>["block"];

/** What a node says, as one plain line: its beginning where it is long. What a person made is marked so. */
export function nodeText(node: RunNode): string {
  const text = ownText(node);
  const by = node.origin === "engine" ? "" : `by a ${node.origin}`;
  return [by, text].filter((part) => part !== "").join(": ");
}

function ownText(node: RunNode): string {
  switch (node.type) {
    case "query":
      return queryText(node);
    case "action":
      return actionText(node);
    case "call":
      return callText(node);
    case "observation":
      if (node.edit !== undefined) return editText(node.edit);
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
  // Changed code has the usage of the reply that it stands for, which was counted there.
  if (node.type === "action" && node.replaces !== undefined) return null;
  const { input = null, output = null } = node.usage ?? {};
  return input === null || output === null ? null : { input, output };
}

/** A text in quotes, as one plain line. */
export function quoted(text: string): string {
  const line = oneLine(text);
  return line === "" ? "" : `"${line}"`;
}

function queryText({ query, contexts }: Extract<RunNode, { type: "query" }>): string {
  const read = contexts.map(
    ({ key, characters }) => `${oneLine(key)} (${formatCounted(characters, "character")})`,
  );
  return read.length === 0
    ? quoted(query)
    : `${quoted(query)} with ${read.slice(0, 3).join(", ")}${read.length > 3 ? ", …" : ""}`;
}

/** What the model says before its code, and the code. */
function actionText(node: ActionNode): string {
  const code = node.code === null ? "no code" : oneLine(node.code);
  if (node.replaces !== undefined) return `in place of ${node.replaces}: ${code}`;
  const said = oneLine(node.reply.slice(0, 2000).split(/^[ \t>]*(?:```|~~~)/m)[0] ?? "");
  return said === "" ? code : `"${said}" ${code}`;
}

/** What a person asked for, as one plain line. */
export function editText(edit: Edit): string {
  switch (edit.kind) {
    case "say":
      return `says ${quoted(edit.text)}`;
    case "final":
      return "asks for the answer";
    case "config":
      return `sets ${Object.entries(edit.config)
        .map(([name, value]) => `${name} = ${oneLine(JSON.stringify(value))}`)
        .join(", ")}`;
    case "code":
      return `changes the code to ${oneLine(edit.code)}`;
    case "result":
      return `gives the result ${quotedValue(edit.result)}`;
    case "cancel":
      return "cancels it";
  }
}

function callText(node: Extract<RunNode, { type: "call" }>): string {
  if (node.outcome === null) return node.name;
  return node.outcome.ok ? node.name : `${node.name}: ${oneLine(node.outcome.error.message)}`;
}

function outputText(block: BlockRecord): string {
  if (block.output === null) return "long output, kept as a blob";
  if (block.output === "") return "no output";
  const total = block.cut?.total ?? block.output.length;
  const lines = block.output.replace(/\n$/, "").split("\n").length;
  const shown = block.shown >= total ? "" : ` (${formatCount(block.shown)} shown to the model)`;
  return `${counted(lines, "line")}, ${formatCounted(total, "character")}${shown}: ${oneLine(block.output)}`;
}

function quotedValue(value: Extract<RunNode, { type: "result" }>["result"]): string {
  return typeof value === "string" ? quoted(value) : oneLine(JSON.stringify(value));
}
