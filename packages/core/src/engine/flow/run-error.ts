import type { Graph } from "../../data/graph/graph.ts";
import type { ErrorKind, ErrorNode } from "../../data/node.ts";
import { RLMError, type RLMErrorCode, type RLMErrorOptions } from "../../errors.ts";

/** Why a run gave no answer, with the graph as far as it got: inspect, resume or fork it. */
export class RunError extends RLMError {
  declare readonly graph: Graph;

  constructor(code: RLMErrorCode, message: string, graph: Graph, options: RLMErrorOptions = {}) {
    super(code, message, options);
    if (code !== "aborted") this.name = "RunError";
    // Not enumerable: printing the error should show why the run failed, not every node of it.
    Object.defineProperty(this, "graph", { value: graph });
    // The message includes that of an RLMError. An accessor keeps its chain of causes from being printed as well.
    const { cause } = options;
    if (RLMError.is(cause)) Object.defineProperty(this, "cause", { get: () => cause, configurable: true });
  }
}

const CODES: Readonly<Record<ErrorKind, RLMErrorCode>> = {
  no_code: "request_failed",
  unclosed_code: "request_failed",
  syntax_error: "request_failed",
  exception: "request_failed",
  deadlock: "request_failed",
  block_limit: "limit_reached",
  sandbox_lost: "sandbox_lost",
  request_failed: "request_failed",
  refused: "refused",
  limit_reached: "limit_reached",
  cancelled: "cancelled",
  replay_diverged: "replay_diverged",
  runtime_failed: "runtime_failed",
};

/** The error of a run whose root ended with this node, and what it failed of where that is known. */
export function rootFailure(graph: Graph, node: ErrorNode, cause?: unknown): RunError {
  const details = {
    node: node.id,
    kind: node.kind,
    ...(node.limit !== undefined && { limit: node.limit }),
    ...node.details,
  };
  return new RunError(codeOf(node), node.message, graph, { details, cause });
}

function codeOf(node: ErrorNode): RLMErrorCode {
  const inner = node.details?.code;
  if (inner === "missing_key" || inner === "missing_dependency" || inner === "unknown_model") return inner;
  return CODES[node.kind];
}
