import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { RLMError, type RunNode } from "@rlmflow/core";
import type { RunInfo } from "@rlmflow/core/store";
import { type Durability, readOwnFile } from "../disk/durable-files.ts";
import { orFileFailure, systemCode } from "../disk/file-failure.ts";
import type { BranchPaths, Layout } from "../layout/layout.ts";
import { listBranches, readBranchFile } from "../layout/run-files.ts";
import { readHead, type WritesHead } from "../log/log-head.ts";
import type { BlobFiles } from "../payloads/blob-files.ts";
import { BranchWrites } from "./branch-writes.ts";
import { type FilesTarget, type ForkedFiles, forkFiles, NO_FILES, parseForkedFiles } from "./fork-files.ts";

/*
 * Owns: the logs of what tools write in the branches of a workspace, while they are open.
 * Does not own: the files, and which branches there are.
 *
 * 1. A branch has one log of writes in this process, however many tools were made for the workspace.
 */

/** What the files of a workspace are kept with. */
export interface WorkspaceFilesOptions {
  readonly layout: Layout;
  readonly blobs: BlobFiles;
  readonly durability: Durability;
  readonly maxFileBytes: number;
}

/** Where the files of a call lie, and the record of what is written there. */
export interface CallFiles {
  readonly directory: string;
  readonly writes: BranchWrites;
}

/** The agents' files of every branch of a workspace. */
export class WorkspaceFiles {
  readonly #options: WorkspaceFilesOptions;
  readonly #open = new Map<string, BranchWrites>();
  /** Of each branch that is open for writing, by the log of its writes: throws when another process has taken it. */
  readonly #held = new Map<string, () => void>();

  constructor(options: WorkspaceFilesOptions) {
    this.#options = options;
  }

  /** The files of the branch that an effect key names. Throws `invalid_options` for a key that names none. */
  of(effectKey: string): CallFiles {
    const [runId = "", branchId = "", ...node] = effectKey.split("/");
    if (node.length === 0)
      throw new RLMError(
        "invalid_options",
        `${JSON.stringify(effectKey)} is no effect key: run/branch/node.`,
      );
    const paths = this.#options.layout.branch(runId, branchId);
    return { directory: paths.files, writes: this.#writesIn(paths) };
  }

  /**
   * Tools may write the files of this branch from now on, as long as `requireHeld` does not throw. Rejects when
   * the log of what they have written can't be appended to, so that this is known before a model is asked anything.
   */
  async open(run: RunInfo, requireHeld: () => void): Promise<void> {
    const paths = this.#options.layout.branch(run.runId, run.branch.id);
    this.#held.set(paths.writes, requireHeld);
    // A branch in which no tool has written gets no log of it.
    const isThere = lstatSync(paths.writes, { throwIfNoEntry: false }) !== undefined;
    if (isThere || (await readHead(paths.head))?.writes !== undefined) await this.#writesIn(paths).opened();
  }

  #writesIn({ writes: file, head: headFile }: BranchPaths): BranchWrites {
    let writes = this.#open.get(file);
    if (writes === undefined) {
      const requireHeld = () => this.#requireHeld(file);
      writes = new BranchWrites({ file, headFile, ...this.#options, requireHeld });
      this.#open.set(file, writes);
    }
    return writes;
  }

  /**
   * Waits for the writes of tools in a branch and closes the log; later writes are refused. Gives where the log ends;
   * `null` where that is not known.
   */
  async close(run: RunInfo): Promise<WritesHead | null> {
    const file = this.#options.layout.branch(run.runId, run.branch.id).writes;
    const writes = this.#open.get(file);
    this.#open.delete(file);
    this.#held.delete(file);
    return (await writes?.close()) ?? null;
  }

  /** Does so with all that are left. */
  async closeAll(): Promise<void> {
    const closed = [...this.#open.values()].map((writes) => writes.close());
    this.#open.clear();
    this.#held.clear();
    await Promise.all(closed);
  }

  #requireHeld(writes: string): void {
    const requireHeld = this.#held.get(writes);
    if (requireHeld === undefined)
      throw new RLMError(
        "closed",
        `The branch in ${dirname(writes)} is not open, so nothing is written in its files.`,
      );
    requireHeld();
  }

  /**
   * What fills the files of a new branch from those of its parent, as they were for these nodes; `undefined` when
   * there is nothing to fill them with: no parent here, or no agent that has a tool.
   */
  async fork(
    run: RunInfo,
    nodes: readonly RunNode[],
    maxFileBytes: number = this.#options.maxFileBytes,
  ): Promise<((target: FilesTarget) => Promise<ForkedFiles>) | undefined> {
    const { layout, blobs } = this.#options;
    const parent = run.branch.parent?.branch;
    if (parent === undefined || !nodes.some((node) => node.type === "query" && node.tools.length > 0))
      return undefined;
    if (!(await listBranches(layout, run.runId)).includes(parent)) return undefined;
    const { branch } = await readBranchFile(layout, run.runId, parent);
    const { files: directory, writes, head } = layout.branch(run.runId, parent);
    const made = new Set(
      nodes.flatMap((node) => (node.type === "call" && node.intent !== true ? node.id : [])),
    );
    const isKept = ({ key }: { readonly key: string }) => made.has(key.split("/").slice(2).join("/"));
    const source = { directory, writes, head, since: branch.createdAt, blobs, isKept, maxFileBytes };
    return (target) => forkFiles(source, target);
  }

  /** What became of the files when the branch was forked. */
  async forked(runId: string, branchId: string): Promise<ForkedFiles> {
    const path = this.#options.layout.branch(runId, branchId).forked;
    return orFileFailure("read", path, async () => {
      try {
        return parseForkedFiles((await readOwnFile(path)).toString("utf8"), path);
      } catch (error) {
        if (systemCode(error) === "ENOENT") return NO_FILES;
        throw error;
      }
    });
  }
}
