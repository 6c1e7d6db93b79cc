import { join } from "node:path";
import type { Block } from "@rlmflow/core/driver";
import { type BlockText, javascriptLanguage, type ReplLanguage } from "@rlmflow/repl";

function server(name: string): ReplLanguage["server"] {
  return { file: join(import.meta.dirname, "programs", name), command: ["node"], takesDescriptor: false };
}

/** Blocks with all of Node at hand, to look at a container from the inside. */
export const openLanguage: ReplLanguage = {
  ...javascriptLanguage,
  blockText: (block: Block): BlockText => ({ ok: true, text: JSON.stringify(block.code) }),
  server: server("open-server.mjs"),
};

/** A server program that does not keep to the protocol, in the way that the variable WAY says. */
export const brokenLanguage: ReplLanguage = { ...javascriptLanguage, server: server("broken-server.mjs") };
