import type { QueryNode } from "../data/node.ts";

/** A task as the model is given it: the query, and with the first one what there is to read. */
export function taskMessage({ query, input }: Pick<QueryNode, "query" | "input">): string {
  return input === undefined ? query : `${query}\n\n${input}`;
}
