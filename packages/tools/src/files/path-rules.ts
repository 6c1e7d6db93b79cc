import { RLMError } from "@rlmflow/core";

const MAX_PATH = 1_024;
const MAX_NAME_BYTES = 255;
const MAX_DEPTH = 64;

/** The folder in which runs are kept, and the beginning of the names of files that are being written. */
export const HIDDEN_NAME = ".rlmflow";

/**
 * True for a name that does not exist for the tools: `.rlmflow`, `.rlmflow-…`, and what a file system may take for
 * them (other case, other composition, characters without a width, trailing dots, streams, short names).
 */
export function isHiddenName(name: string): boolean {
  const folded = name
    .normalize("NFKC")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "")
    .toLowerCase()
    .replace(/:.*$/s, "")
    .replace(/[. ]+$/, "");
  return folded === HIDDEN_NAME || folded.startsWith(`${HIDDEN_NAME}-`) || /^rlmfl\w*~\d+$/.test(folded);
}

/** Whether a name that a directory holds can be said in a path at all. */
export function isUsableName(name: string): boolean {
  return findNameProblem(name) === null && !isHiddenName(name);
}

/** A path for a message: short, and on one line. */
export function showFile(path: string): string {
  const text = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return JSON.stringify(text.toWellFormed());
}

/**
 * The names that a path given by code consists of, none for the directory itself. Throws `refused` for anything that
 * is not plainly a place below the directory; `not_found` for a hidden name.
 */
export function parsePath(path: string): readonly string[] {
  const problem = findPathProblem(path);
  if (problem !== null) {
    throw new RLMError(
      "refused",
      `The path ${showFile(path)} ${problem}. Give a path relative to the working directory, such as "notes/a.txt".`,
    );
  }
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  if (names.some(isHiddenName)) throw new RLMError("not_found", `There is no ${showFile(path)}.`);
  return names;
}

function findPathProblem(path: string): string | null {
  if (path.length > MAX_PATH) return `is longer than ${MAX_PATH} characters`;
  if (!path.isWellFormed()) return "holds half of a character";
  if (path.includes("\\")) return 'holds "\\"; directories are separated by "/"';
  if (/^[A-Za-z]:/.test(path)) return "begins with a drive letter";
  if (/^[A-Za-z][\w+.-]*:\/\//.test(path)) return "is a URL";
  if (path.startsWith("/")) return "is absolute";
  const names = path.split("/");
  if (names[0] === "~") return 'begins with "~"';
  if (names.length > MAX_DEPTH) return `has more than ${MAX_DEPTH} parts`;
  return names.reduce<string | null>((problem, name) => problem ?? findNameProblem(name), null);
}

function findNameProblem(name: string): string | null {
  if (name === "..") return 'holds ".."';
  if (/\p{Cc}/u.test(name)) return "holds a control character";
  if (!name.isWellFormed() || name.includes("\\")) return "holds a name that cannot be written";
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `holds a name longer than ${MAX_NAME_BYTES} bytes`;
  return process.platform === "win32" && !isPortable(name)
    ? "holds a name that Windows does not allow"
    : null;
}

function isPortable(name: string): boolean {
  if (name === "." || name === "") return true;
  const device = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?$/i.test(name.trim());
  return !device && !/[<>:"|?*]/.test(name) && !/[. ]$/.test(name);
}
