import { RLMError } from "@rlmflow/core";
import { sentences } from "@rlmflow/core/driver";

/** The code of a system error such as `ENOENT`, or `""` for any other value. */
export function systemCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: make room, then start the run, or resume it if it had begun.",
  EDQUOT: "The disk quota is used up: make room, then start the run, or resume it if it had begun.",
  EROFS:
    "The file system is read-only: make it one that can be written, or use a workspace in another directory; then start the run, or resume it if it had begun.",
  EACCES: "Permission is missing: change the owner or mode, or use another directory.",
  EPERM: "Permission is missing: change the owner or mode, or use another directory.",
  ENOENT: "Use a workspace in a directory that is there, on a file system that can be written.",
  EMFILE:
    "This process has too many files open: raise its limit (ulimit -n), then start the run, or resume it if it had begun.",
  ENFILE: "The host has too many files open: close some, then start the run, or resume it if it had begun.",
  ENOTDIR: "A part of the path is a file where a directory is needed.",
};

/** What Node adds to the reason of a system error: which call it was, and the path. */
const CALL = /, \w+(?: '.*')?$/s;

/** A `store_failed` error that says what could not be done to which file, why, and what helps. */
export function fileFailure(what: string, path: string, cause: unknown): RLMError {
  const code = systemCode(cause);
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(CALL, "");
  const advice = ADVICE[code] ?? "Look at the directory and its disk, then try again.";
  return new RLMError("store_failed", sentences(`Could not ${what} ${path}: ${reason}`, advice), {
    cause,
    details: { path, code },
  });
}

/** A `damaged_log` error: what is wrong with the file, and what to do. */
export function damagedFile(path: string, reason: string, cause?: unknown): RLMError {
  return new RLMError("damaged_log", sentences(`${path} is damaged: ${reason}`, "Restore it from a copy."), {
    cause,
    details: { file: path, reason },
  });
}

/** Does it, and turns a system error into a {@link fileFailure}. An RLMError passes as it is. */
export async function orFileFailure<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw RLMError.is(error) ? error : fileFailure(what, path, error);
  }
}
