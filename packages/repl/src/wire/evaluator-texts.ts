import type { Answer, Block, ReplSpec } from "@rlmflow/core/driver";
import type { EvaluatorLimits, EvaluatorSpec } from "./evaluator-spec.ts";

/** What the evaluator's `createRepl` takes, as JSON. Limits that are left out have their defaults. */
export function evaluatorSpec(spec: ReplSpec, limits: Partial<EvaluatorLimits> = {}): string {
  const { agentId, depth, maxDepth, seed, globals, functions } = spec;
  const contexts = spec.contexts.map(({ key, characters, metadata }) =>
    metadata === undefined ? { key, characters } : { key, characters, metadata },
  );
  const given: Omit<EvaluatorSpec, "limits"> & { readonly limits: Partial<EvaluatorLimits> } = {
    agentId,
    depth,
    maxDepth,
    seed,
    contexts,
    globals,
    functions,
    limits,
  };
  return JSON.stringify(given);
}

/** What the evaluator's `start` takes, as JSON. */
export function startText(block: Block, source: string, lineOffset: number): string {
  return JSON.stringify({ id: block.id, source, lineOffset, code: block.code, now: block.now });
}

/** What the evaluator's `deliver` takes, as JSON. */
export function deliverText(answer: Answer): string {
  return JSON.stringify({ index: answer.index, outcome: answer.outcome, now: answer.now });
}
