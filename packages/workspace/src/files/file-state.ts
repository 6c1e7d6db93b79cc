import { createHash } from "node:crypto";
import { isJsonObject, type JsonValue } from "@rlmflow/core";

/** What a file was: not there, these bytes, or so many bytes that were not kept. */
export type FileState =
  | null
  | { readonly digest: string; readonly bytes: number }
  | { readonly digest: null; readonly bytes: number };

/** The state of a file with these bytes. */
export function stateOf(bytes: Uint8Array): { readonly digest: string; readonly bytes: number } {
  return { digest: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
}

/** Whether two states may be the same file; of one that was not kept only the size is known. */
export function isSameState(a: FileState, b: FileState): boolean {
  if (a === null || b === null) return a === b;
  return a.bytes === b.bytes && (a.digest === b.digest || a.digest === null || b.digest === null);
}

/** A state that was read from JSON; `undefined` when it is none. */
export function parseFileState(value: JsonValue | undefined): FileState | undefined {
  if (value === null) return null;
  if (!isJsonObject(value)) return undefined;
  const { digest, bytes } = value;
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) return undefined;
  if (digest === null) return { digest, bytes };
  return typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest) ? { digest, bytes } : undefined;
}
