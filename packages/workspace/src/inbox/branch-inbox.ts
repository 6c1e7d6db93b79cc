import type { Inbox, InboxEntry, RunInfo } from "@rlmflow/core/store";
import { lockedAt, lockHolder } from "../branch/branch-lock.ts";
import type { BranchPaths } from "../layout/layout.ts";
import { InboxFile } from "./inbox-file.ts";

/** The inbox of a branch as processes see it that do not move the branch. */
export interface BranchInbox extends Pick<Inbox, "put" | "fateOf" | "changed"> {
  readonly run: RunInfo;
  /** What was put and not settled yet, in order. */
  pending(): Promise<readonly InboxEntry[]>;
  /** Whether a process has the branch open for writing, and so may take what is put. */
  isTaken(): Promise<boolean>;
  /** Whether a process has it open and was asked through the inbox to pause it. A pause that it made by itself is not on record. */
  isPaused(): Promise<boolean>;
}

/** What is checked before an inbox is used. */
export interface InboxUse {
  /** Throws when the inbox must not be used any more. */
  readonly assertOpen: () => void;
  /** Throws when a folder that leads to it is another one than when it was opened. Absent for those who only read. */
  readonly requireInPlace?: () => void;
}

/** The inbox in the branch's folder. What is put is on the disk when `put` resolves. */
export function branchInbox(
  run: RunInfo,
  { inbox: file, directory }: BranchPaths,
  { assertOpen, requireInPlace }: InboxUse,
): BranchInbox {
  const inbox = new InboxFile({ file, durability: "fsync", assertOpen });
  const isTaken = async () => (await lockHolder(directory)) !== null;
  return {
    run,
    put: async (request) => {
      assertOpen();
      requireInPlace?.();
      return await inbox.put(request);
    },
    fateOf: (entry) => inbox.fateOf(entry),
    changed: (signal) => inbox.changed(signal),
    pending: () => inbox.pending(),
    isTaken,
    async isPaused() {
      // What was put before the lock was taken was for a process that is gone.
      const since = lockedAt(directory);
      return since !== null && (await inbox.isPaused(since)) && (await isTaken());
    },
  };
}
