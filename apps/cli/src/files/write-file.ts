import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { RLMError } from "@rlmflow/core";
import { pathProblem } from "./path-problem.ts";

/**
 * Writes a file that is whole or not there, and leaves one that was there as it was when writing fails. A device or
 * a pipe is written to as it is. Throws `invalid_options` naming the option when the path can't be written.
 */
export async function writeFile(
  option: string,
  path: string,
  pieces: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  if (path === "") throw unwritable(option, '""', "the name of a file is needed", undefined);
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory() === true)
    throw unwritable(option, path, "it is a directory: name a file in it", undefined);
  if (there !== null && !there.isFile()) return await fill(await opened(option, path, path), pieces);
  // What a symbolic link names is replaced, and not the link.
  const target = there === null ? path : await realpath(path);
  const temporary = `${target}.${process.pid}.tmp`;
  const handle = await opened(option, path, temporary);
  try {
    await fill(handle, pieces);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    if (RLMError.is(error) || !isOfSystem(error)) throw error;
    throw unwritable(option, path, await pathProblem("write", path, error), error);
  }
}

async function opened(option: string, path: string, target: string): Promise<FileHandle> {
  try {
    return await open(target, "w");
  } catch (error) {
    throw unwritable(option, path, await pathProblem("write", path, error), error);
  }
}

async function fill(handle: FileHandle, pieces: Iterable<string> | AsyncIterable<string>): Promise<void> {
  try {
    for await (const piece of pieces) await handle.writeFile(piece);
  } finally {
    await handle.close();
  }
}

function isOfSystem(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function unwritable(option: string, path: string, problem: string, cause: unknown): RLMError {
  return new RLMError("invalid_options", `- ${option} ${path}: ${problem}`, { cause });
}
