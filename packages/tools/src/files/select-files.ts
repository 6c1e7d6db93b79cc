import { RLMError } from "@rlmflow/core";
import type { DirectoryHandle } from "./directory-handle.ts";
import { notFound } from "./file-failure.ts";
import { within } from "./file-space.ts";
import { parseFilePattern } from "./glob.ts";
import { showFile } from "./path-rules.ts";
import { type FoundFile, walkFiles } from "./walk-files.ts";

/** Looks at one found file; `false` ends the search. */
export type Visit = (found: FoundFile) => Promise<boolean>;

/**
 * Visits the files that a path or glob names: the file itself, or every file below a directory, in order. A plain
 * path that is not there throws `not_found`; a glob may match nothing.
 */
export async function selectFiles(root: DirectoryHandle, pattern: string, visit: Visit): Promise<void> {
  const { base, matches } = parseFilePattern(pattern);
  const kind = await kindAt(root, base);
  if (kind === "missing" && matches === null) throw notFound(pattern);
  if (kind === "file" && matches === null) await visitOne(root, base, visit);
  if (kind !== "directory") return;
  await within(root, base, {}, async (directory) => {
    for await (const found of walkFiles(directory)) {
      if (matches !== null && !matches(found.path)) continue;
      if (!(await visit(found))) return;
    }
  });
}

async function visitOne(root: DirectoryHandle, names: readonly string[], visit: Visit): Promise<void> {
  const name = names.at(-1) ?? "";
  await within(root, names.slice(0, -1), {}, async (directory) => {
    await visit({ path: directory.pathOf(name), name, directory, reason: null });
  });
}

/** What stands at the path, links not followed. */
async function kindAt(
  root: DirectoryHandle,
  names: readonly string[],
): Promise<"file" | "directory" | "missing"> {
  const name = names.at(-1);
  if (name === undefined) return "directory";
  try {
    const stats = await within(root, names.slice(0, -1), {}, (directory) => directory.stat(name));
    if (stats === null) return "missing";
    if (stats.isDirectory()) return "directory";
    if (stats.isFile()) return "file";
  } catch (cause) {
    if (RLMError.is(cause, "not_found")) return "missing";
    throw cause;
  }
  throw new RLMError(
    "refused",
    `${showFile(names.join("/"))} is a link or special file, which the file tools do not follow.`,
  );
}
