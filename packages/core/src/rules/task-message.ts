import type { QueryNode } from "../data/node.ts";

/** The message of a task: its query, followed in a first task by the description of the input. */
export function taskMessage({ query, input }: Pick<QueryNode, "query" | "input">): string {
  return input === undefined ? query : `${query}\n\n${input}`;
}
