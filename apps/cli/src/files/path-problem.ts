import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

const REASONS: Readonly<Record<string, string>> = {
  EISDIR: "it is a directory, and a file is needed",
  EACCES: "permission is missing: change its owner or mode, or name another place",
  EPERM: "permission is missing: change its owner or mode, or name another place",
  EROFS: "the file system is read-only: name another place",
  ENOSPC: "the disk is full: make room, or name another place",
  EDQUOT: "the disk quota is used up: make room, or name another place",
  ENAMETOOLONG: "the name is too long: name another place",
  ELOOP: "its symbolic links lead in a circle",
  EMFILE: "this process has too many files open: raise its limit (ulimit -n)",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
  ERR_STRING_TOO_LONG: "it is longer than a text can be",
};

/** Why a path that a user gave can't be read from, or written to, and what to do: a clause without a full stop. */
export async function pathProblem(what: "read" | "write", path: string, error: unknown): Promise<string> {
  const code = systemCode(error);
  if (code === "ENOENT" && what === "read") return "there is no such file";
  if (code === "ENOENT" || code === "ENOTDIR") return await parentProblem(path);
  const reason = REASONS[code] ?? (error instanceof Error ? error.message : String(error));
  return `it can't be ${what === "read" ? "read" : "written"}: ${reason}`;
}

/** What is the matter with the directories that the path goes through: the first that is missing or is none. */
async function parentProblem(path: string): Promise<string> {
  let missing: string | null = null;
  for (let above = dirname(resolve(path)); ; above = dirname(above)) {
    const found = await stat(above).catch(() => null);
    if (found === null && dirname(above) !== above) missing = above;
    else if (found?.isDirectory() === false)
      return `${above} is a file, and a directory is needed: name another place`;
    else if (missing === null) return "there is no such file";
    else return `there is no directory ${missing}: make it, or name another place`;
  }
}

function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
