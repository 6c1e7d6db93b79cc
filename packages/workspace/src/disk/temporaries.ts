import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { markWhereabouts, processMark, type Whereabouts } from "@rlmflow/core/processes";
import { systemCode } from "./file-failure.ts";

/** `.tmp-<pid>-<boot and PID namespace>-<random>`: a name that no id and no digest can have. */
export function temporaryName(): string {
  return `.tmp-${processMark()}-${randomUUID()}`;
}

/** A file under a temporary name, and what is known of the process that fills it. */
export interface Temporary {
  readonly name: string;
  /** `elsewhere`: on another machine or in another container, or of a version that noted no process. Nobody can tell from here. */
  readonly writer: Whereabouts;
}

/** The files under temporary names in a directory: the store's own, and those of the file tools (`.rlmflow-…`). */
export function temporariesIn(directory: string): readonly Temporary[] {
  return namesIn(directory).flatMap((name) =>
    TEMPORARY.test(name) ? [{ name, writer: writerOf(name) }] : [],
  );
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Removes those of processes that are gone. */
export async function removeAbandoned(directory: string): Promise<void> {
  for (const { name, writer } of temporariesIn(directory))
    if (writer === "gone") await rm(join(directory, name), { recursive: true, force: true });
}

/** The names of file tools had no process in them at first. */
const TEMPORARY = /^\.(?:tmp-\d|rlmflow-(?:\d+-[0-9a-f]{8}-)?[0-9a-f]{18}$)/;

function writerOf(name: string): Temporary["writer"] {
  const [, mark = ""] = /^\.(?:tmp|rlmflow)-(\d+-[0-9a-f]{8})-[0-9a-f]{8}/.exec(name) ?? [];
  return markWhereabouts(mark);
}
