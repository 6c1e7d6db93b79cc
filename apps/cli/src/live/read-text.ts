import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { RLMError } from "@rlmflow/core";
import type { CommandIo } from "../command-io.ts";

/** The text of a file, or with `-` of standard input. Throws `invalid_options` when it can't be read as UTF-8. */
export async function readText(path: string, io: CommandIo): Promise<string> {
  const bytes =
    path === "-"
      ? await buffer(io.stdin)
      : await readFile(path).catch((cause: unknown) => {
          const reason = cause instanceof Error ? cause.message : String(cause);
          throw new RLMError("invalid_options", `- ${path} can't be read: ${reason}`, { cause });
        });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RLMError("invalid_options", `- ${path} is no UTF-8 text`, { cause });
  }
}
