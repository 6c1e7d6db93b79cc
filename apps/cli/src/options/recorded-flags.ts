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

/** True for a run that this command began, and so can go on with by itself. */
export function hasRecord(metadata: JsonObject): boolean {
  return isJsonObject(metadata[KEY]);
}

/** The metadata with another model, and without what was kept for the old one alone. */
export function withModel(metadata: JsonObject, model: string): JsonObject {
  const flags = Object.entries(withRecord(flagsFromRecord(metadata), { model }));
  const kept = flags.flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : []));
  return { ...metadata, [KEY]: Object.fromEntries(kept) };
}

/**
 * The options of a resume: what was typed, else what was kept. What was kept for another model or another server
 * is left out: a price is that of one model, and a key goes to no server that it was not named for.
 */
export function withRecord(record: RunFlags, typed: RunFlags): RunFlags {
  const { price, provider, apiKeyEnv, ...rest } = record;
  const sameModel = typed.model === undefined || typed.model === record.model;
  const sameServer = typed.baseUrl === undefined || typed.baseUrl === record.baseUrl;
  const sameProvider = sameModel || record.baseUrl !== undefined || apiKeyEnv !== undefined;
  return {
    ...rest,
    ...(sameModel && price !== undefined && { price }),
    ...(sameProvider && provider !== undefined && { provider }),
    ...(sameServer && apiKeyEnv !== undefined && { apiKeyEnv }),
    ...typed,
  };
}
