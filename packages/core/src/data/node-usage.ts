import type { RunNode } from "./node.ts";
import type { Usage } from "./usage.ts";

/** The usage of every request that this node stands for, failed and cut ones included. */
export function nodeUsage(node: RunNode): readonly Usage[] {
  switch (node.type) {
    case "action":
      return node.replaces === undefined ? node.attempts.map((attempt) => attempt.usage) : [];
    case "call":
      if (node.attempts !== undefined) return node.attempts.map((attempt) => attempt.usage);
      return node.usage === undefined ? [] : [node.usage];
    case "error":
      return (node.attempts ?? []).map((attempt) => attempt.usage);
    case "query":
    case "observation":
    case "supervising":
    case "resume":
    case "result":
      return [];
  }
}
