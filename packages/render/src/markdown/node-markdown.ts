import type { JsonValue, RunNode } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import type { BlobRef } from "@rlmflow/core/store";
import { oneLine, plainText } from "../text/plain-text.ts";
import { formatCount, formatCounted, formatDuration } from "../text/quantities.ts";
import { editText, nodeTokens } from "../tree/node-text.ts";

/** The text of a blob, or `null` where it is not at hand. */
export type ReadBlob = (digest: string) => Promise<string | null>;

type Of<Type extends RunNode["type"]> = Extract<RunNode, { type: Type }>;
type Block = NonNullable<Of<"observation">["block"]>;

/** A node whole, as Markdown: nothing that a model wrote is cut, and none of it can end the fence that it stands in. */
export async function nodeMarkdown(node: RunNode, blob: ReadBlob): Promise<string> {
  const parts = (await partsOf(node, blob)).filter((part) => part !== "");
  return [`### ${headingOf(node)}`, ...parts].join("\n\n");
}

function headingOf(node: RunNode): string {
  const tokens = nodeTokens(node);
  const model = node.type === "action" && node.replaces === undefined ? [oneLine(node.model)] : [];
  const facts = [
    ...(node.origin === "engine" ? [] : [`by a ${node.origin}`]),
    ...(node.type === "action" && node.replaces !== undefined ? [`in place of ${node.replaces}`] : []),
    ...model,
    ...(tokens === null ? [] : [`${formatCount(tokens.input)} + ${formatCount(tokens.output)} tokens`]),
    formatDuration(node.endedAt - node.startedAt),
  ];
  return `${node.id} ${node.type} (${facts.join(", ")})`;
}

async function partsOf(node: RunNode, blob: ReadBlob): Promise<readonly string[]> {
  switch (node.type) {
    case "query":
      return queryParts(node);
    case "action":
      return actionParts(node);
    case "call":
      return await callParts(node, blob);
    case "observation":
      if (node.edit !== undefined) return [plainText(editText(node.edit)), quote(node.content)];
      return [fenced(node.content), ...(await blockParts(node.block, node.blobs?.output, blob))];
    case "resume":
      return [fenced(node.content), ...(await blockParts(node.block, node.blobs?.output, blob))];
    case "supervising": {
      const agents = [...new Set(node.waits.flatMap((wait) => wait.agents))];
      const waits = agents.length === 0 ? "Still waits." : `Waits for ${agents.join(", ")}.`;
      return [waits, ...(await blockParts(node.block, node.blobs?.output, blob, true))];
    }
    case "error":
      return [
        `${node.kind}${node.fatal ? " (fatal)" : ""}: ${plainText(node.message)}`,
        node.content === "" || node.content === node.message ? "" : fenced(node.content),
        ...(await blockParts(node.block, node.blobs?.output, blob)),
      ];
    case "result":
      return await resultParts(node, blob);
  }
}

function queryParts({ query, contexts, output }: Of<"query">): readonly string[] {
  const reads = contexts.map(
    ({ key, characters }) => `- CONTEXT ${oneLine(key)}: ${formatCounted(characters, "character")}`,
  );
  const schema =
    output === null ? "" : `The answer must fit:\n\n${fenced(JSON.stringify(output, null, 2), "json")}`;
  return [quote(query), reads.join("\n"), schema];
}

/** What the model says around its code, and the code. */
function actionParts({ reply, code, replaces, notice }: Of<"action">): readonly string[] {
  if (code === null) return [quote(reply)];
  if (replaces !== undefined) return [fenced(code, "js")];
  const at = reply.indexOf(code);
  const before = at < 0 ? reply : reply.slice(0, at).replace(/[ \t>]*(?:`{3,}|~{3,})[^\n]*\n?$/, "");
  const after = at < 0 ? "" : reply.slice(at + code.length).replace(/^\s*(?:`{3,}|~{3,})[^\n]*\n?/, "");
  return [quote(before), fenced(code, "js"), quote(after), notice === null ? "" : plainText(notice)];
}

async function callParts(node: Of<"call">, blob: ReadBlob): Promise<readonly string[]> {
  const args = node.args ?? (await blobValue(node.blobs?.args, blob));
  const called = fenced(`${node.name} ${json(args)}`);
  if (node.intent === true) return [called, "About to be made; its outcome is not known."];
  const outcome: unknown = node.outcome ?? (await blobValue(node.blobs?.outcome, blob));
  return [called, "Answer:", fenced(json(outcome))];
}

async function resultParts(node: Of<"result">, blob: ReadBlob): Promise<readonly string[]> {
  const value = node.blobs?.result === undefined ? node.result : await blobValue(node.blobs.result, blob);
  return [
    typeof value === "string" ? fenced(value) : fenced(json(value), "json"),
    node.cancelled.length === 0 ? "" : `Nobody waited for, cancelled: ${node.cancelled.join(", ")}.`,
    ...(await blockParts(node.block, node.blobs?.output, blob, true)),
  ];
}

/** The whole output where the model was shown less of it, or where it was shown nothing of it here. */
async function blockParts(
  block: Block | undefined,
  ref: BlobRef | undefined,
  blob: ReadBlob,
  always = false,
): Promise<readonly string[]> {
  if (block === undefined) return [];
  const output = block.output ?? (await blobValue(ref, blob));
  const text = typeof output === "string" ? output : json(output);
  if (text === "" || (!always && block.shown >= text.length && block.cut === undefined)) return [];
  const cut = block.cut === undefined ? "" : `; the sandbox kept ${block.cut.kept} of ${block.cut.total}`;
  return [
    `All of the output (the model was shown ${counted(block.shown, "character")}${cut}):`,
    fenced(text),
  ];
}

async function blobValue(ref: BlobRef | undefined, blob: ReadBlob): Promise<JsonValue> {
  if (ref === undefined) return null;
  const text = await blob(ref.digest);
  return text === null ? `(${formatCount(ref.bytes)}B, not in this document)` : JSON.parse(text);
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** The text in a fence that is longer than any in it. */
function fenced(text: string, language = "text"): string {
  const plain = plainText(text).replace(/\n+$/, "");
  const longest = Math.max(2, ...Array.from(plain.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${plain}\n${fence}`;
}

/** The text as a quotation, so that its headings are none of the page's. */
function quote(text: string): string {
  const plain = plainText(text).trim();
  return plain === "" ? "" : plain.replace(/^/gm, "> ").replace(/^> $/gm, ">");
}
