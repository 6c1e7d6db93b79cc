import { constants } from "node:fs";
import { copyFile, lstat, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunNode } from "@rlmflow/core";
import { FORMAT, type RunInfo } from "@rlmflow/core/store";
import { type Durability, moveIntoPlace, syncDirectory, temporaryName } from "../disk/durable-files.ts";
import { orFileFailure, systemCode } from "../disk/file-failure.ts";
import type { BranchPaths, Layout } from "../layout/layout.ts";
import { readBranchFile } from "../layout/run-files.ts";
import type { LoadedLog } from "../log/loaded-logs.ts";
import { LogReader } from "../log/log-reader.ts";
import type { BranchLock } from "./branch-lock.ts";
import { writeBranchFile } from "./branch-metadata.ts";
import { fillLog } from "./new-branch.ts";

/** A branch that is being opened for writing, its lock held. */
export interface LockedBranch {
  readonly layout: Layout;
  readonly paths: BranchPaths;
  readonly run: RunInfo;
  readonly durability: Durability;
  readonly lock: BranchLock;
  /** The format of branch.json before the lock was taken. */
  readonly format: number;
  /** What was read of the log before the lock was taken, if anything was. */
  readonly loaded: LoadedLog | null;
}

/** A log that was read to its end. */
export interface OpenedLog extends LoadedLog {
  /** Bytes after its end, of a line that was never completed. */
  readonly tornBytes: number;
}

/**
 * Migrates a branch of an older format to the current one, and returns a reader at the end of the log. Each file is
 * written whole under another name and then renamed, the log first. So if the process dies at any moment, each file is
 * either the old or the new one; this version opens a mixture of them, and an older version refuses it.
 */
export async function openMigrated({
  layout,
  paths,
  run: { runId, branch },
  durability,
  format,
  loaded,
  lock,
}: LockedBranch): Promise<OpenedLog> {
  if (lock.followed?.isForced === true)
    for (const file of [paths.log, paths.writes]) await leaveFile(paths.directory, file, durability);
  const isLoaded = loaded !== null && (await loaded.reader.isUnchanged());
  let { reader, nodes } = isLoaded ? loaded : await readLog(paths);
  const { tornBytes } = reader;
  if (reader.format !== null && reader.format < FORMAT) {
    await replaceLog(paths, nodes);
    ({ reader, nodes } = await readLog(paths));
  }
  if (format < FORMAT)
    await writeBranchFile(paths, await readBranchFile(layout, runId, branch.id), durability);
  return { reader, nodes, tornBytes };
}

async function readLog({ log, head }: BranchPaths): Promise<LoadedLog> {
  const reader = new LogReader(log, head);
  return { reader, nodes: await reader.advance() };
}

/**
 * Puts a copy in the place of a file. Another process that has the file open, and was stopped when it was about to write,
 * then writes where nobody looks.
 */
async function leaveFile(directory: string, file: string, durability: Durability): Promise<void> {
  await orFileFailure("copy", file, async () => {
    const temporary = join(directory, temporaryName());
    try {
      // What stands in the file's place and is none is refused when it is opened.
      if (!(await lstat(file)).isFile()) return;
      await copyFile(file, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    } catch (error) {
      await rm(temporary, { force: true });
      if (systemCode(error) === "ENOENT") return;
      throw error;
    }
    if (durability === "fsync") await syncDirectory(temporary);
    await moveIntoPlace(temporary, file, durability);
  });
}

async function replaceLog({ directory, log }: BranchPaths, nodes: readonly RunNode[]): Promise<void> {
  const temporary = join(directory, temporaryName());
  await orFileFailure("write", log, async () => {
    try {
      await fillLog(temporary, nodes, "fsync");
      await rename(temporary, log);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncDirectory(directory);
  });
}
