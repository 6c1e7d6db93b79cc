import { isUtf8 } from "node:buffer";
import { RLMError } from "@rlmflow/core";
import { showFile } from "./path-rules.ts";

/** The text of bytes that are UTF-8 without a fault, exactly. Anything else is refused, nothing is replaced. */
export function decodeText(bytes: Uint8Array, path: string): string {
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  throw new RLMError("refused", `${showFile(path)} is not text in UTF-8, so it cannot be read as text.`);
}

/** True for bytes that are text: UTF-8 without a NUL. */
export function isText(bytes: Uint8Array): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

/** The bytes of a text; a text that has none (half a character) is refused. */
export function encodeText(text: string, path: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const at = [...text].findIndex((character) => !character.isWellFormed());
  throw new RLMError(
    "refused",
    `The text for ${showFile(path)} holds half of a character (character ${at}), which UTF-8 cannot. Use toWellFormed().`,
  );
}
