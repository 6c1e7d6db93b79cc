import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RLMError } from "@rlmflow/core";
import { systemCode } from "../disk/file-failure.ts";
import type { BranchPaths } from "../layout/layout.ts";
import { readWriteLog, type WriteEntry } from "./write-log.ts";

/**
 * The directories in which the tools of a branch have written files, so where they may have left some that were never
 * finished: a write is on record before it is made. None that is reached through a link.
 */
export async function writtenDirectories({
  writes,
  files,
}: Pick<BranchPaths, "writes" | "files">): Promise<readonly string[]> {
  const below = new Set((await entriesOf(writes)).map(({ path }) => dirname(path)));
  const found = await Promise.all([...below].map((name) => realDirectory(files, name)));
  return found.filter((directory) => directory !== null).sort();
}

/** A log that can't be read is told by whoever needs what is in it. */
async function entriesOf(writes: string): Promise<readonly WriteEntry[]> {
  try {
    return (await readWriteLog(writes)).entries;
  } catch (error) {
    if (RLMError.is(error)) return [];
    throw error;
  }
}

async function realDirectory(root: string, below: string): Promise<string | null> {
  try {
    const expected = join(await realpath(root), below);
    return (await realpath(expected)) === expected ? expected : null;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null;
    throw error;
  }
}
