/** What can go wrong for a developer. What a model may see is never thrown: it is a node or an outcome. */
export type RLMErrorCode =
  | "invalid_options"
  | "unknown_model"
  | "missing_dependency"
  | "missing_key"
  | "invalid_schema"
  | "invalid_graph"
  | "damaged_log"
  | "unsupported_format"
  | "not_found"
  | "already_exists"
  | "locked"
  | "lost_race"
  | "store_failed"
  | "nothing_to_do"
  | "unknown_agent"
  | "edit_refused"
  | "request_failed"
  | "refused"
  | "limit_reached"
  | "cancelled"
  | "aborted"
  | "replay_diverged"
  | "sandbox_lost"
  | "runtime_failed"
  | "protocol_violation"
  | "closed";

const BRAND = Symbol.for("rlmflow.RLMError");

/** Everything beyond the message that an {@link RLMError} may carry. */
export interface RLMErrorOptions {
  readonly cause?: unknown;
  /** JSON facts about the failure: the limit, the file and line, the status of a response. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * The one error class of rlmflow. The message says what happened and what to do. With the code `aborted`, its `name` is
 * `AbortError`, as usual for what was stopped on request, and the reason of the signal is its `cause`.
 * Use {@link RLMError.is} to recognise one across realms and duplicate versions.
 */
export class RLMError extends Error {
  readonly code: RLMErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: RLMErrorCode, message: string, options: RLMErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    // The platform's name for errors that an AbortSignal causes.
    this.name = code === "aborted" ? "AbortError" : "RLMError";
    this.code = code;
    this.details = options.details ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** True for an RLMError of any copy of this package, with the given code when one is named. */
  static is(value: unknown, code?: RLMErrorCode): value is RLMError {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return code === undefined || (value as { code?: unknown }).code === code;
  }
}
