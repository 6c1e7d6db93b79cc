import { RLMError } from "@rlmflow/core";

/** What a call rejects with inside when its time is over. */
export interface LateCall {
  readonly lateAfterMs: number;
}

const UNREACHABLE = new Set([
  "ENOENT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ENOTSOCK",
]);
const FORBIDDEN = new Set(["EACCES", "EPERM"]);
const LONGEST_REASON = 500;

/**
 * What went wrong with a call, as one `runtime_failed` whose message says what to do. An HTTP status of the
 * engine is in `details.status`.
 */
export function engineFailure(error: unknown, what: string, address: string): RLMError {
  if (RLMError.is(error)) return error;
  return new RLMError("runtime_failed", messageFor(error, what, address), {
    cause: error,
    details: { status: numberAt(error, "statusCode") },
  });
}

/** True when the engine answered the call with this HTTP status. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return RLMError.is(error, "runtime_failed") && statuses.some((status) => error.details.status === status);
}

function messageFor(error: unknown, what: string, address: string): string {
  const code = fieldOf(error, "code");
  if (typeof code === "string" && UNREACHABLE.has(code)) {
    return `No Docker engine answers at ${address} (${code}). Start it, or say where it is with DOCKER_HOST or the option "docker".`;
  }
  if (typeof code === "string" && FORBIDDEN.has(code)) {
    return `This user may not use the Docker engine at ${address} (${code}). Put the user into the group "docker", or name a rootless engine with DOCKER_HOST.`;
  }
  const lateAfterMs = numberAt(error, "lateAfterMs");
  if (lateAfterMs !== null) {
    return `The Docker engine at ${address} did not ${what} within ${lateAfterMs} ms. Is it well?`;
  }
  return `The Docker engine at ${address} did not ${what}: ${reasonOf(error)}`;
}

function reasonOf(error: unknown): string {
  const said = fieldOf(fieldOf(error, "json"), "message");
  const text = typeof said === "string" ? said : error instanceof Error ? error.message : String(error);
  return text.trim().slice(0, LONGEST_REASON);
}

function numberAt(value: unknown, key: string): number | null {
  const field = fieldOf(value, key);
  return typeof field === "number" ? field : null;
}

/** The field of whatever a server sent, `undefined` where there is none. */
export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
