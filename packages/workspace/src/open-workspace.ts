import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { RLMError } from "@rlmflow/core";
import type { Durability } from "./disk/durable-files.ts";
import { orFileFailure, systemCode } from "./disk/file-failure.ts";
import { Layout } from "./layout/layout.ts";
import { Workspace } from "./workspace.ts";

/** How a workspace keeps runs. */
export interface WorkspaceOptions {
  /**
   * What an append has survived when it resolves: `flush` (default) the death of this process, `fsync` also
   * the loss of power. Writes of many agents share one flush or sync.
   */
  readonly durability?: Durability;
  /** Files of agents above so many bytes are not kept when they are written over, nor copied into forks. Default 5 MiB. */
  readonly maxFileBytes?: number;
}

/**
 * Opens a directory as a workspace. Nothing is made before the first run is; a path that is a file is
 * `not_found`.
 */
export async function openWorkspace(directory: string, options: WorkspaceOptions = {}): Promise<Workspace> {
  const { durability = "flush", maxFileBytes = 5 * 1024 * 1024 } = options;
  if (durability !== "flush" && durability !== "fsync") {
    throw new RLMError(
      "invalid_options",
      `durability is "flush" or "fsync", not ${JSON.stringify(durability)}.`,
    );
  }
  if (!Number.isSafeInteger(maxFileBytes) || maxFileBytes < 0)
    throw new RLMError(
      "invalid_options",
      `maxFileBytes is a whole number of bytes from 0, not ${maxFileBytes}.`,
    );
  if (typeof directory !== "string")
    throw new RLMError(
      "invalid_options",
      `openWorkspace takes the path of a directory as text, not ${String(JSON.stringify(directory))}.`,
    );
  if (directory === "")
    throw new RLMError(
      "invalid_options",
      'A workspace needs the path of a directory; "" is none, "." is this one.',
    );
  const path = resolve(directory);
  const found = await orFileFailure("open", path, async () => {
    try {
      return statSync(path);
    } catch (error) {
      // A part of the path that is a file is told by whoever makes a directory there.
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null;
      throw error;
    }
  });
  if (found !== null && !found.isDirectory()) {
    throw new RLMError("not_found", `There is no workspace at ${path}: that is a file, not a directory.`);
  }
  return new Workspace(
    new Layout(found === null ? path : realpathSync.native(path)),
    durability,
    maxFileBytes,
  );
}
