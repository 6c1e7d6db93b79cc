import { RLMError } from "@rlmflow/core";
import type { DirectoryHandle } from "./directory-handle.ts";

const MAX_ENTRIES = 500_000;
const MAX_DEPTH = 64;

/** A file that was found, or, with a `reason`, something that was left out. */
export interface FoundFile {
  readonly path: string;
  readonly name: string;
  /** Open while the walk stands at this file. */
  readonly directory: DirectoryHandle;
  readonly reason: string | null;
}

/** What a walk has seen so far. */
interface WalkState {
  entries: number;
  /** Also removes what processes that have died were writing. */
  readonly tidy?: boolean;
}

/**
 * Every regular file below the directory, by directories and names in the order of their characters. Links and
 * special files are not followed but named; hidden names are not there. Throws `limit_reached` beyond 500,000 entries.
 */
export async function* walkFiles(
  directory: DirectoryHandle,
  state: WalkState = { entries: 0 },
  depth = 0,
): AsyncGenerator<FoundFile> {
  if (state.tidy === true) await directory.removeAbandoned();
  const { entries, unusable } = await directory.entries();
  state.entries += entries.length;
  if (state.entries > MAX_ENTRIES) {
    throw new RLMError(
      "limit_reached",
      `There are more than ${MAX_ENTRIES} files and directories. Name a directory with fewer.`,
    );
  }
  if (unusable > 0)
    yield {
      path: directory.pathOf("?"),
      name: "?",
      directory,
      reason: `${unusable} names that cannot be written`,
    };
  for (const { name, kind } of entries) {
    const path = directory.pathOf(name);
    if (kind === "file") yield { path, name, directory, reason: null };
    else if (kind === "other") yield { path, name, directory, reason: "a link or special file" };
    else if (depth >= MAX_DEPTH) yield { path, name, directory, reason: "nested too deeply" };
    else {
      await using inner = await openIfThere(directory, name);
      if (inner !== null) yield* walkFiles(inner, state, depth + 1);
    }
  }
}

/** A directory may be gone before its turn comes; that is as if it had never been. */
async function openIfThere(directory: DirectoryHandle, name: string): Promise<DirectoryHandle | null> {
  return directory.openDirectory(name).catch((cause: unknown) => {
    if (RLMError.is(cause, "not_found")) return null;
    throw cause;
  });
}
