import type { RunNode } from "../node.ts";
import { FORMAT } from "../run-info.ts";
import { decode } from "./decode.ts";
import { migrated } from "./migrations.ts";
import { node } from "./node-checks.ts";

/**
 * Takes a parsed value for a node after checking every field of it, and freezes it in place. Rejects an
 * unknown type and a missing, additional or wrong field with `invalid_graph`, naming the place below `where`.
 * `format` is the one in which the value was stored.
 */
export function decodeNode(value: unknown, where: string, format: number = FORMAT): RunNode {
  return decode(node, migrated("node", value, format), { where, what: "a node", code: "invalid_graph" });
}
