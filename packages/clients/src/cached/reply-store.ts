// Complete replies on disk, one file each, named by the digest of what was asked.
//
// Owns: the files in its directory. Does not own: what makes two requests equal, who may ask.
//
// 1. A file appears whole or not at all: it is written beside its place and renamed into it.
// 2. A file that cannot be read as the reply to its request is a miss, and the next reply replaces it.
// 3. Any number of processes may share a directory: a reply to the same request has the same name in each of them.

import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type FinishReason, isJsonObject, type JsonObject, type Reply, type Usage } from "@rlmflow/core";
import { parseJson } from "@rlmflow/core/driver";
import { canonicalJson } from "./canonical-json.ts";

const FORMAT = 1;
const FINISH_REASONS: readonly FinishReason[] = ["stop", "length", "filtered", "refused", "other"];

/** Complete replies by the digest of their request. */
export interface ReplyStore {
  /** The reply, or `null` when there is none that can be trusted. Never rejects. */
  get(digest: string): Promise<Reply | null>;
  /** Keeps the reply in place of what was there. */
  put(digest: string, reply: Reply): Promise<void>;
}

/** The store in a directory, which need not exist yet. */
export function replyStore(directory: string): ReplyStore {
  const fileOf = (digest: string) => join(directory, digest.slice(0, 2), `${digest}.json`);
  return {
    async get(digest) {
      const text = await readFile(fileOf(digest), "utf8").catch(() => null);
      return text === null ? null : decode(text, digest);
    },
    async put(digest, reply) {
      const file = fileOf(digest);
      const beside = `${file}.${randomUUID()}.tmp`;
      await mkdir(dirname(file), { recursive: true });
      try {
        await writeFile(beside, encode(reply, digest), { flag: "wx" });
        await rename(beside, file);
      } catch (error) {
        await rm(beside, { force: true });
        throw error;
      }
    },
  };
}

function encode({ text, finishReason, usage, model }: Reply, digest: string): string {
  const reply = { text, finishReason, usage: { ...usage }, model };
  return JSON.stringify({ format: FORMAT, request: digest, checksum: checksum(reply), reply });
}

function decode(text: string, digest: string): Reply | null {
  const entry = parseJson(text);
  if (!isJsonObject(entry) || entry.format !== FORMAT || entry.request !== digest) return null;
  const { reply } = entry;
  return isReply(reply) && checksum(reply) === entry.checksum ? reply : null;
}

function isReply(value: unknown): value is Reply & JsonObject {
  return (
    isJsonObject(value) &&
    typeof value.text === "string" &&
    typeof value.model === "string" &&
    FINISH_REASONS.some((reason) => reason === value.finishReason) &&
    isUsage(value.usage)
  );
}

function isUsage(value: unknown): value is Usage {
  if (!isJsonObject(value)) return false;
  const { input, cached, output, reasoning, costMicroUsd } = value;
  return [input, cached, output, reasoning, costMicroUsd].every(
    (part) => part === null || typeof part === "number",
  );
}

function checksum(reply: JsonObject): string {
  return createHash("sha256").update(canonicalJson(reply)).digest("hex");
}
