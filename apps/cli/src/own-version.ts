import { createRequire } from "node:module";
import { isJsonObject } from "@rlmflow/core";

/** The version of this command, as its package states it. */
export function ownVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("@rlmflow/cli/package.json");
  return isJsonObject(manifest) ? String(manifest.version) : "of an unknown version";
}
