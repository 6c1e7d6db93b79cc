import { dirname, join } from "node:path";
import { Graph, type JsonObject, RLMError, type RunNode } from "@rlmflow/core";
import {
  checkPayloads,
  closablePayloads,
  decodeRunInfo,
  FORMAT,
  type PayloadStore,
  type RunInfo,
  type RunStores,
} from "@rlmflow/core/store";

import { BranchLock, type LockOptions } from "./branch/branch-lock.ts";
import { keepMetadata } from "./branch/branch-metadata.ts";
import { copyBranch } from "./branch/copy-branch.ts";
import { draftFork, type ForkOptions, type ForkResult, freeBranchName, usageOf } from "./branch/fork.ts";
import { makeBranch, makeRun } from "./branch/new-branch.ts";
import { type Durability, removeAbandoned } from "./disk/durable-files.ts";
import { type BranchExamination, examineBranch } from "./examine/examine-branch.ts";
import type { ForkedFiles } from "./files/fork-files.ts";
import { type CallFiles, WorkspaceFiles } from "./files/workspace-files.ts";
import { writtenDirectories } from "./files/written-directories.ts";
import { type BranchInbox, branchInbox } from "./inbox/branch-inbox.ts";
import { type BranchPaths, HIDDEN, type Layout, MAIN } from "./layout/layout.ts";
import { listBranches, listRuns, newestRun, readRunFile, readStoredBranch } from "./layout/run-files.ts";
import { FolderChain, refuseLinks, requireDirectory, WorkspaceRoot } from "./layout/workspace-root.ts";
import { LoadedLogs } from "./log/loaded-logs.ts";
import { LogReader } from "./log/log-reader.ts";
import { BlobFiles } from "./payloads/blob-files.ts";
import { ContextFiles } from "./payloads/context-files.ts";
import { readTextFile } from "./payloads/text-file.ts";
import { type RunSummary, summarizeRun } from "./run-summary.ts";
import { WorkspaceStore } from "./workspace-store.ts";

/*
 * Owns: the stores that were opened through it, until it is closed.
 * Does not own: the files outside `.rlmflow`, which are the user's.
 *
 * 1. Writing a branch takes its lock; reading a branch takes no lock and changes no file.
 * 2. `close` closes every store; after it every method rejects with `closed`.
 */

/** A branch that is read while another process may write it. */
export interface BranchReader {
  readonly run: RunInfo;
  /** The nodes that were appended since the last call; the first gives all there are. */
  next(): Promise<readonly RunNode[]>;
  /** Bytes of a line behind the last whole one: one that is being written, or that a dead process left. */
  readonly tornBytes: number;
}

/** A branch that is there. */
interface FoundBranch {
  readonly run: RunInfo;
  /** The format in which its branch.json is stored. */
  readonly format: number;
  readonly paths: BranchPaths;
}

/** Runs kept in a directory. Made by `openWorkspace`. */
export class Workspace implements RunStores, AsyncDisposable {
  /** The large values of all runs. */
  readonly payloads: PayloadStore;
  readonly #layout: Layout;
  readonly #durability: Durability;
  readonly #root: WorkspaceRoot;
  readonly #contexts: ContextFiles;
  readonly #files: WorkspaceFiles;
  readonly #shared: PayloadStore;
  readonly #stores = new Set<WorkspaceStore>();
  readonly #loaded = new LoadedLogs();
  #closed = false;
  #isClear = false;

  constructor(layout: Layout, durability: Durability, maxFileBytes: number) {
    this.#layout = layout;
    this.#durability = durability;
    this.#root = new WorkspaceRoot(layout, durability);
    const blobs = new BlobFiles(layout.blobs, durability, this.#root);
    const contexts = new ContextFiles(layout.contexts, durability, this.#root);
    this.#contexts = contexts;
    this.#files = new WorkspaceFiles({ layout, blobs, durability, maxFileBytes });
    this.#shared = {
      putBlob: (text) => blobs.put(text),
      getBlob: (digest) => blobs.get(digest),
      putContext: (text) => contexts.put(text),
      openContext: (digest) => contexts.open(digest),
    };
    this.payloads = closablePayloads(this.#shared, () => this.#assertOpen());
  }

  /** The absolute path of the directory. */
  get directory(): string {
    return this.#layout.root;
  }

  /** A path inside the main branch's files. Throws `invalid_options` for one that leaves them. */
  path(...parts: readonly string[]): string {
    const path = join(this.directory, ...parts);
    const inside = path === this.directory || path.startsWith(join(this.directory, "/"));
    if (inside && path.slice(this.directory.length).split(/[\\/]/)[1]?.toLowerCase() !== HIDDEN) return path;
    const message = `${JSON.stringify(parts.join("/"))} is no file of the workspace ${this.directory}: it leaves the directory or is in ${HIDDEN}.`;
    throw new RLMError("invalid_options", message);
  }

  /** Where the files, log and inbox of a branch lie. */
  branchPaths(runId: string, branchId: string = MAIN): BranchPaths {
    return this.#layout.branch(runId, branchId);
  }

  /** The files of the branch that a call belongs to: what `fileTools(workspace)` works on. */
  filesOf(effectKey: string): CallFiles {
    this.#assertOpen();
    this.#root.require();
    return this.#files.of(effectKey);
  }

  async createRun(run: RunInfo, nodes: readonly RunNode[] = []): Promise<WorkspaceStore> {
    this.#assertOpen();
    const paths = this.#layout.branch(run.runId, run.branch.id);
    const made = decodeRunInfo(run, "run");
    await makeRun(this.#layout, this.#root, { run: made, nodes, durability: this.#durability });
    return this.#open({ run: made, format: FORMAT, paths });
  }

  /** Opens a branch for writing. Rejects with `locked` while another process writes it. */
  async openRun(runId: string, branchId: string = MAIN, options: LockOptions = {}): Promise<WorkspaceStore> {
    return this.#open(await this.#find(runId, branchId), options);
  }

  async #open({ run, format, paths }: FoundBranch, options: LockOptions = {}): Promise<WorkspaceStore> {
    const { directory, log } = paths;
    this.#root.require();
    for (const shared of [this.#layout.blobs, this.#layout.contexts]) requireDirectory(shared);
    const folders = new FolderChain(this.#layout.foldersOfBranch(run.runId, run.branch.id));
    const lock = await BranchLock.acquire(directory, options, folders);
    await this.#clearUp(paths, lock.followed !== null);
    const store = await WorkspaceStore.open({
      run,
      format,
      loaded: this.#loaded.take(log),
      layout: this.#layout,
      paths,
      lock,
      payloads: this.#shared,
      durability: this.#durability,
      closeWrites: () => this.#files.close(run),
      onClose: (closed) => this.#stores.delete(closed),
    });
    this.#stores.add(store);
    try {
      await this.#files.open(run, () => lock.requireHeld());
    } catch (error) {
      await store.close();
      throw error;
    }
    if (this.#closed) await store.close();
    return store;
  }

  /**
   * A new branch that keeps what does not depend on what it drops. Nobody is asked anything; resume its graph to go
   * on. Rejects with `not_found`, `already_exists`, or what the edits are refused for; then nothing was made.
   */
  async fork(options: ForkOptions): Promise<ForkResult> {
    const source = await this.load(options.runId, options.branch);
    const { runId } = source.run;
    const name = options.name ?? freeBranchName(await listBranches(this.#layout, runId));
    const { run, graph, kept, dropped } = draftFork(source, options, name, Date.now());
    const nodes = [...graph.walk()];
    await checkPayloads(graph, this.#shared);
    const files = await this.#files.fork(run, nodes, options.maxFileBytes);
    await makeBranch(this.#layout, { run, nodes, durability: this.#durability, files });
    const usages = { keptUsage: usageOf(kept), droppedUsage: usageOf(dropped) };
    const forked = await this.forkedFiles(runId, name);
    return { graph, kept: kept.length, dropped: dropped.length, ...usages, files: forked };
  }

  /** What became of the agents' files when a branch was forked: what it cost, and what was left out. */
  async forkedFiles(runId: string, branchId: string): Promise<ForkedFiles> {
    this.#assertOpen();
    return this.#files.forked(runId, branchId);
  }

  /** Makes the run too when only its graph came from elsewhere. */
  async forkRun(run: RunInfo, nodes: readonly RunNode[]): Promise<WorkspaceStore> {
    this.#assertOpen();
    const files = await this.#files.fork(run, nodes);
    const branch = { run, nodes, durability: this.#durability, files };
    if ((await listRuns(this.#layout)).includes(run.runId)) await makeBranch(this.#layout, branch);
    else await makeRun(this.#layout, this.#root, branch);
    return this.openRun(run.runId, run.branch.id);
  }

  /** The graph of a branch as it is now; without a name the main branch of the newest run. */
  async load(runId?: string, branchId: string = MAIN): Promise<Graph> {
    const { run, paths } = await this.#find(runId ?? (await this.#newestRun()), branchId);
    const log = new LogReader(paths.log, paths.head);
    const nodes = await log.advance();
    try {
      const graph = Graph.fromNodes(run, nodes);
      this.#loaded.keep(paths.log, graph, log);
      return graph;
    } catch (cause) {
      const file = paths.log;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `${file} is damaged: its lines are whole, but together they are no run. ${reason}`;
      throw new RLMError("damaged_log", message, { cause, details: { file, reason } });
    }
  }

  /** Reads a branch and then follows it, without a lock. */
  async reader(runId?: string, branchId: string = MAIN): Promise<BranchReader> {
    const { run, paths } = await this.#find(runId ?? (await this.#newestRun()), branchId);
    const log = new LogReader(paths.log, paths.head);
    return {
      run,
      next: () => log.advance(),
      get tornBytes() {
        return log.tornBytes;
      },
    };
  }

  /**
   * Where a process asks something of the one that moves the branch, without a lock. What is put while
   * nobody moves it is taken when somebody does.
   */
  async inbox(runId?: string, branchId: string = MAIN): Promise<BranchInbox> {
    const { run, paths } = await this.#find(runId ?? (await this.#newestRun()), branchId);
    const folders = new FolderChain(this.#layout.foldersOfBranch(run.runId, branchId));
    return branchInbox(run, paths, {
      assertOpen: () => this.#assertOpen(),
      requireInPlace: () => folders.require(),
    });
  }

  /** Every run with what a list shows of it, the newest first. */
  async runs(): Promise<readonly RunSummary[]> {
    this.#assertOpen();
    const summaries: RunSummary[] = [];
    const ids = await listRuns(this.#layout);
    if (ids.length === 0) refuseLinks([this.#layout.hidden, this.#layout.runs]);
    for (const runId of ids) summaries.push(await summarizeRun(this.#layout, runId));
    return summaries.sort((a, b) => b.createdAt - a.createdAt);
  }

  /** Looks over a branch for whatever is wrong with it, changing nothing. */
  async examine(runId: string, branchId: string): Promise<BranchExamination> {
    this.#assertOpen();
    return examineBranch({ layout: this.#layout, payloads: this.#shared }, runId, branchId);
  }

  /** Copies a graph of this workspace with its payloads into other stores. Rejects with `already_exists`. */
  async copyBranch(graph: Graph, to: RunStores): Promise<void> {
    this.#assertOpen();
    await copyBranch(graph, this.#shared, to);
  }

  /**
   * Puts these facts in the place of those that are kept with a branch. For whoever moves the branch; the log stays
   * as it is, and other branches do too.
   */
  async keepMetadata(runId: string, branchId: string, metadata: JsonObject): Promise<void> {
    this.#assertOpen();
    await keepMetadata(this.#layout, { runId, branchId, metadata, durability: this.#durability });
  }

  /** The names of the runs, also of those that can't be read, and of their branches; `main` where none can be found. */
  async branches(): Promise<readonly { readonly runId: string; readonly branchId: string }[]> {
    this.#assertOpen();
    const runs = await listRuns(this.#layout);
    const lists = runs.map(async (runId) => {
      const branches = await listBranches(this.#layout, runId);
      return (branches.length === 0 ? [MAIN] : branches).map((branchId) => ({ runId, branchId }));
    });
    return (await Promise.all(lists)).flat();
  }

  /** Takes a UTF-8 file of the user's as a context, without loading it whole; a byte order mark is left out. */
  async putContextFile(path: string): Promise<{ digest: string; characters: number }> {
    this.#assertOpen();
    return this.#contexts.put(readTextFile(path));
  }

  /** Closes every store that was opened through it. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#stores].map((store) => store.close()));
    await this.#files.closeAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Removes what processes that died had begun to write: in the branch, once in what all runs share, and among the
   * agents' files where the last holder of the branch died. What can't be removed stays: it is in nobody's way.
   */
  async #clearUp(paths: BranchPaths, followsDead: boolean): Promise<void> {
    const { blobs, contexts, runs } = this.#layout;
    const shared = this.#isClear ? [] : [blobs, contexts, runs];
    this.#isClear = true;
    const written = followsDead ? await writtenDirectories(paths).catch(() => []) : [];
    await Promise.allSettled(
      [paths.directory, dirname(paths.directory), ...shared, ...written].map(removeAbandoned),
    );
  }

  async #find(runId: string, branchId: string): Promise<FoundBranch> {
    this.#assertOpen();
    refuseLinks(this.#layout.foldersOfBranch(runId, branchId));
    await readRunFile(this.#layout, runId);
    const { run, format } = await readStoredBranch(this.#layout, runId, branchId);
    return { run, format, paths: this.#layout.branch(runId, branchId) };
  }

  async #newestRun(): Promise<string> {
    this.#assertOpen();
    return await newestRun(this.#layout);
  }

  #assertOpen(): void {
    if (this.#closed)
      throw new RLMError("closed", `The workspace ${this.directory} is closed; open it again.`);
  }
}
