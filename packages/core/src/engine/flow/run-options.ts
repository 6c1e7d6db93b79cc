import type { ConfigPatch } from "../../data/edit.ts";
import type { JsonObject, JsonValue } from "../../data/json.ts";
import type { SchemaLike } from "../../protocols/tool.ts";
import type { ContextsInput } from "../agent/contexts.ts";

/** What may be said about one run. */
export interface StartOptions<Answer = JsonValue> {
  /** One payload, or several by key. Agents read them through CONTEXT. */
  readonly context?: ContextsInput;
  /** What the answer must fit: a Standard Schema with a JSON Schema, or a JSON Schema. */
  readonly output?: SchemaLike<Answer>;
  readonly metadata?: JsonObject;
  /** Default: drawn at random. */
  readonly runId?: string;
}

/** {@link StartOptions} and a signal that aborts the run. */
export interface RunOptions<Answer = JsonValue> extends StartOptions<Answer> {
  readonly signal?: AbortSignal;
}

/** What may be said when a run is resumed. */
export interface ResumeOptions<Answer = JsonValue> extends Pick<RunOptions<Answer>, "output" | "signal"> {
  /**
   * Limits that are changed, as edits of the root and of the unfinished agents that had them from it. A limit
   * that had ended the root must be raised for it to go on; a time limit counts anew.
   */
  readonly config?: ConfigPatch;
}

/** Which agents a step moves, and how far. */
export interface StepOptions {
  readonly agents?: readonly string[];
  /** `turn` joins a reply and the running of its code. Default `transition`. */
  readonly until?: "transition" | "turn";
}
