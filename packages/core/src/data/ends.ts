import type { ChainNode, RunNode } from "./node.ts";

/**
 * True for the edit of limits that lets an agent go on which a limit, a failed request or its runtime had ended:
 * the only node but a query that may follow an end.
 */
export function reopens(node: ChainNode, end: ChainNode): boolean {
  return mayOpenAgain(end) && node.type === "observation" && node.edit?.kind === "config";
}

/** True for an end after which an agent may go on: at a limit that is raised, or by a failure from outside. */
export function mayOpenAgain(end: RunNode): boolean {
  return end.type === "error" && end.fatal && (end.kind === "limit_reached" || hasFailed(end));
}

/** True for an end that came from outside, a provider or a runtime: whoever failed may be well again. */
export function hasFailed(end: ChainNode): boolean {
  return (
    end.type === "error" && end.fatal && (end.kind === "request_failed" || end.kind === "runtime_failed")
  );
}
