import { RLMError, type RLMErrorCode } from "@rlmflow/core";

/** What the command tells the shell. `pending`: it was asked for and is kept, but has not been done yet. */
export const EXIT = { ok: 0, failed: 1, usage: 2, budget: 3, pending: 4, interrupted: 130 } as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const USAGE: readonly RLMErrorCode[] = [
  "invalid_options",
  "invalid_schema",
  "unknown_model",
  "missing_key",
  "missing_dependency",
  "not_found",
];

/** The exit code for what a run threw. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!RLMError.is(error)) return EXIT.failed;
  if (USAGE.includes(error.code)) return EXIT.usage;
  if (error.code === "aborted") return EXIT.interrupted;
  return error.code === "limit_reached" ? EXIT.budget : EXIT.failed;
}
