import type { ChainNode, RunNode } from "./node.ts";

/**
 * True for an edit of limits that lets an agent continue after a limit, a failed request or its runtime had ended it.
 * Apart from a query, it is the only node that may follow an end.
 */
export function reopens(node: ChainNode, end: ChainNode): boolean {
  return mayOpenAgain(end) && node.type === "observation" && node.edit?.kind === "config";
}

/** True for an end after which an agent may continue: at a limit that can be raised, or by a failure from outside. */
export function mayOpenAgain(end: RunNode): boolean {
  return end.type === "error" && end.fatal && (end.kind === "limit_reached" || hasFailed(end));
}

/** True for an end that a provider or a runtime caused: it may work again by now. */
export function hasFailed(end: ChainNode): boolean {
  return (
    end.type === "error" && end.fatal && (end.kind === "request_failed" || end.kind === "runtime_failed")
  );
}
