import { RLMError } from "@rlmflow/core";
import { showFile } from "./path-rules.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "the host does not allow it",
  EPERM: "the host does not allow it",
  EROFS: "the disk is read-only",
  EMFILE: "this process has too many files open, more than its limit (ulimit -n) allows",
  ENFILE: "the host has too many files open; try again later",
  ENAMETOOLONG: "the name is too long for this disk",
  EIO: "the disk failed",
  EBUSY: "it is in use",
};

/** The code of a failed call to the file system, such as `ENOENT`, or an empty text. */
export function failureCode(cause: unknown): string {
  const code: unknown = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : "";
}

/** Nothing is at the path. */
export function notFound(path: string): RLMError {
  return new RLMError("not_found", `There is no ${showFile(path)}. listFiles() and ls() say what there is.`);
}

/** The path leads through, or to, something that the tools leave alone. */
export function outOfReach(path: string, what: string): RLMError {
  return new RLMError("refused", `${showFile(path)} is ${what}, which the file tools do not follow or open.`);
}

/** The file tools would have to go beyond one of their limits. */
export function overLimit(path: string, what: string, advice: string): RLMError {
  return new RLMError("limit_reached", `${showFile(path)} ${what}. ${advice}`);
}

/** What fails of itself and not because of the path: nothing that code does can help. */
const OF_THE_DISK: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "ENFILE"]);

/**
 * A failed write of a file that a store keeps. Where the disk has failed that is a failure of the store, which ends the
 * run; anything else stays what it is.
 */
export function keptFailure(path: string, cause: unknown): unknown {
  const code = RLMError.is(cause) ? cause.details.code : failureCode(cause);
  if (typeof code !== "string" || !OF_THE_DISK.has(code)) return cause;
  return new RLMError(
    "store_failed",
    `The file ${showFile(path)} of an agent could not be written: ${REASONS[code]}. Mend that, then resume the run.`,
    { cause, details: { code } },
  );
}

/**
 * What code is told when the file system refused: the path as code gave it, never a path of the host. An RLMError
 * passes through.
 */
export function fileFailure(path: string, cause: unknown): RLMError {
  if (RLMError.is(cause)) return cause;
  const code = failureCode(cause);
  if (code === "ENOENT") return notFound(path);
  if (code === "ENOTDIR")
    return new RLMError("refused", `${showFile(path)} leads through something that is not a directory.`);
  if (code === "EISDIR" || code === "ENOTEMPTY")
    return new RLMError("refused", `${showFile(path)} is a directory.`);
  if (code === "ELOOP") return outOfReach(path, "a symbolic link");
  if (code === "ENXIO" || code === "ENODEV") return outOfReach(path, "a special file");
  const reason = REASONS[code] ?? (code === "" ? "the host failed" : code);
  return new RLMError("refused", `${showFile(path)} cannot be used: ${reason}.`, {
    cause,
    details: { code },
  });
}
