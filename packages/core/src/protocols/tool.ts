import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema, JsonValue } from "../data/json.ts";
import type { ToolParameter } from "./language.ts";

/**
 * A host function that agents may call by name. It runs with the host's rights, outside every sandbox.
 *
 * - `run` may be called concurrently, with arguments that were checked against `input`.
 * - What it throws becomes an error the code can catch: name and message, nothing else.
 * - `repeat: "safe"` says that a call whose answer was lost may simply be made again;
 *   `"never"` that it must not, so that after a crash the code gets an `outcome_unknown` error.
 */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Positional parameters, in the order in which the code passes them. */
  readonly parameters: readonly ToolParameter[];
  /** The answer's type in words of JSON Schema, for the prompt. */
  readonly returns: string;
  readonly repeat: "safe" | "never";
  /** Turns positional arguments into the checked input; throws with a message that names the parameter. */
  check(args: readonly JsonValue[]): Promise<unknown>;
  run(input: unknown, context: ToolContext): Promise<JsonValue>;
}

/** What a tool learns about the call it serves. */
export interface ToolContext {
  /** `runId/branchId/nodeId`: equal for a repeated call, to be passed on as idempotency key. */
  readonly effectKey: string;
  readonly agentId: string;
  readonly depth: number;
  /** Aborts when the agent is cancelled or the run is aborted. */
  readonly signal: AbortSignal;
}

/** A schema as users write one: a Standard Schema (zod, arktype, valibot …) or a JSON Schema. */
export type SchemaLike<T = unknown> = StandardSchemaV1<unknown, T> | JsonSchema;
