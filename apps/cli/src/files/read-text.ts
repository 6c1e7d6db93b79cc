import { readFile, stat } from "node:fs/promises";
import { RLMError } from "@rlmflow/core";
import { pathProblem } from "./path-problem.ts";

/** Why what lies at a path that a user gave is no file to read from, as a clause; `null` when it is one. */
export async function whyUnreadable(path: string): Promise<string | null> {
  try {
    const found = await stat(path);
    if (found.isFile()) return null;
    return found.isDirectory() ? "it is a directory, and a file is needed" : "it is no regular file";
  } catch (error) {
    return await pathProblem("read", path, error);
  }
}

/** True for a pipe, such as a shell makes of `<(zcat access.log.gz)`: it can be read only once. */
export async function isPipe(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFIFO() === true;
}

/** The UTF-8 text of a file. Throws `invalid_options` that begins with `name`, as the user typed it, when it is none. */
export async function readText(path: string, name: string = path): Promise<string> {
  try {
    return asText(await readFile(path), name);
  } catch (cause) {
    if (RLMError.is(cause)) throw cause;
    throw new RLMError("invalid_options", `- ${name}: ${await pathProblem("read", path, cause)}`, { cause });
  }
}

/** Bytes as UTF-8 text. Throws `invalid_options` that begins with what they came from. */
export function asText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RLMError("invalid_options", `- ${name}: it is no UTF-8 text`, { cause });
  }
}
