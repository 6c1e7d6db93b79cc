import type { RunNode } from "@rlmflow/core";

const LONGEST = 80;
/** So much of a long text is looked at. */
const LOOKED_AT = 400;

/** One short line that says what a node is about, as it was written: whoever shows it makes it plain first. */
export function nodeTitle(node: RunNode): string {
  switch (node.type) {
    case "query":
      return shorten(node.query);
    case "action":
      return shorten(node.code ?? node.reply);
    case "call":
      return shorten(node.outcome?.ok === false ? `${node.name}: ${node.outcome.error.message}` : node.name);
    case "observation":
      return shorten(node.block?.output ?? node.content);
    case "resume":
      return shorten(node.block.output ?? node.content);
    case "supervising":
      return `waits for ${new Set(node.waits.flatMap((wait) => wait.agents)).size}`;
    case "error":
      return shorten(`${node.kind}: ${node.message}`);
    case "result":
      return node.blobs?.result === undefined
        ? shorten(typeof node.result === "string" ? node.result : JSON.stringify(node.result))
        : `${node.blobs.result.bytes} bytes`;
  }
}

function shorten(text: string): string {
  const line = text.slice(0, LOOKED_AT).replace(/\s+/g, " ").trim();
  return line.length <= LONGEST ? line.toWellFormed() : `${line.slice(0, LONGEST - 1).toWellFormed()}…`;
}
