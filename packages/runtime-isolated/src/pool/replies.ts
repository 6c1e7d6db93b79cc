import { isJsonObject } from "@rlmflow/core";
import { parseJson } from "@rlmflow/core/driver";
import type { Broken, PieceRequest } from "../wire.ts";

/** What isolates fetch, or `null` when the text says no such thing. */
export function readPieceRequest(text: string): PieceRequest | null {
  const value = parseJson(text);
  if (!isJsonObject(value)) return null;
  const { key, index } = value;
  if (typeof key !== "string" || typeof index !== "number" || !Number.isSafeInteger(index) || index < 0)
    return null;
  return { key, index };
}

/** Why an isolate is gone, or `null` when the text says no such thing. */
export function readBroken(text: string): Broken | null {
  const value = parseJson(text);
  if (!isJsonObject(value)) return null;
  const { reason, message } = value;
  if (reason !== "time" && reason !== "memory" && reason !== "size" && reason !== "fault") return null;
  return typeof message === "string" ? { reason, message: message.slice(0, 1000) } : null;
}
