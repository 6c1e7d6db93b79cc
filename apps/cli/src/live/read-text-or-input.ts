import { buffer } from "node:stream/consumers";
import type { CommandIo } from "../command-io.ts";
import { asText, readText } from "../files/read-text.ts";

/** The text of a file, or with `-` of standard input. Throws `invalid_options` when it can't be read as UTF-8. */
export async function readTextOrInput(path: string, io: CommandIo): Promise<string> {
  return path === "-" ? asText(await buffer(io.stdin), "standard input") : await readText(path);
}
