import { decode } from "./decode/decode.ts";
import { node } from "./decode/node-checks.ts";
import type { RunNode } from "./node.ts";

/**
 * Takes a parsed value for a node after checking every field of it, and freezes it in place. Rejects an
 * unknown type and a missing, additional or wrong field with `invalid_graph`, naming the place below `where`.
 */
export function decodeNode(value: unknown, where: string): RunNode {
  return decode(node, value, { where, what: "a node", code: "invalid_graph" });
}
