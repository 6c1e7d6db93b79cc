import { isJsonObject, type JsonObject } from "@rlmflow/core";
import type { RunFlags, RunOptions } from "./run-options.ts";

/** What a run's metadata says about the command that began it, so that `resume` needs no option twice. */
const KEY = "rlmflow";

const KEPT = [
  "model",
  "provider",
  "baseUrl",
  "apiKeyEnv",
  "price",
  "runtime",
  "language",
  "image",
  "files",
] as const;

/** The options to keep with a new run: never a key, and no address that holds one. */
export function recordedFlags(options: RunOptions, flags: RunFlags): JsonObject {
  const { model, provider, runtime, language, image, files, apiKeyVariable, baseUrl } = options;
  const url = baseUrl === null ? null : new URL(baseUrl);
  const isOpen = url !== null && url.username === "" && url.password === "" && url.search === "";
  return {
    [KEY]: {
      model,
      provider,
      runtime,
      language,
      files,
      ...(image !== null && { image }),
      ...(isOpen && { baseUrl: url.href }),
      ...(apiKeyVariable !== null && { apiKeyEnv: apiKeyVariable }),
      ...(flags.price !== undefined && { price: flags.price }),
    },
  };
}

/** The options that were kept with a run; none for a run that a program began. */
export function flagsFromRecord(metadata: JsonObject): RunFlags {
  const record = metadata[KEY];
  if (!isJsonObject(record)) return {};
  const kept = KEPT.flatMap((name) => {
    const value = record[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(kept);
}
