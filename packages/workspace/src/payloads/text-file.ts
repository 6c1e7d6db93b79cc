import { type FileHandle, open, stat } from "node:fs/promises";
import { RLMError } from "@rlmflow/core";
import { sentence } from "@rlmflow/core/driver";
import { systemCode } from "../disk/file-failure.ts";
import { readUtf8 } from "./utf8-chunks.ts";

/**
 * The text of a file that somebody else wrote, in pieces, never whole; a byte order mark is left out.
 * Throws `not_found` or `invalid_options` naming the file when it is no readable UTF-8 text.
 */
export async function* readTextFile(path: string): AsyncGenerator<string, void, undefined> {
  const handle = await openText(path);
  try {
    let first = true;
    for await (const chunk of readUtf8(handle)) {
      if (!chunk.valid) throw await notUtf8(path, handle, chunk.at);
      const text = chunk.bytes.toString("utf8");
      yield first && text.startsWith("\ufeff") ? text.slice(1) : text;
      first = false;
    }
  } finally {
    await handle.close();
  }
}

async function openText(path: string): Promise<FileHandle> {
  try {
    // Looked at first: opening a pipe would wait for somebody to write it.
    const found = await stat(path);
    if (found.isFile()) return await open(path, "r");
    const what = found.isDirectory() ? "a directory; name a file in it" : "no regular file";
    throw new RLMError("invalid_options", `${path} cannot be a context: it is ${what}.`);
  } catch (cause) {
    if (RLMError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (systemCode(cause) === "ENOENT") {
      throw new RLMError("not_found", `There is no file ${path} to read a context from.`, { cause });
    }
    throw new RLMError(
      "invalid_options",
      sentence(`The file ${path} cannot be read as a context: ${reason}`),
      {
        cause,
      },
    );
  }
}

async function notUtf8(path: string, handle: FileHandle, at: number): Promise<RLMError> {
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
  const mark = buffer.toString("hex");
  const guess =
    mark === "fffe" ? " It looks like UTF-16LE." : mark === "feff" ? " It looks like UTF-16BE." : "";
  const example = `iconv -f ${mark === "fffe" ? "UTF-16LE" : mark === "feff" ? "UTF-16BE" : "<its encoding>"} -t UTF-8`;
  return new RLMError(
    "invalid_options",
    `${path} is no UTF-8 text: byte ${at} fits no character.${guess} Convert it first, for example with ${example}.`,
    { details: { path, byte: at } },
  );
}
