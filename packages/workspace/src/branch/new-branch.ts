import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RLMError, type RunNode } from "@rlmflow/core";
import { checkAppend, type RunInfo } from "@rlmflow/core/store";
import {
  type Durability,
  moveIntoPlace,
  syncDirectory,
  temporaryName,
  writeFully,
  writeNewFile,
} from "../disk/durable-files.ts";
import { orFileFailure, systemCode } from "../disk/file-failure.ts";
import type { FilesTarget, ForkedFiles } from "../files/fork-files.ts";
import { readWriteLog } from "../files/write-log.ts";
import { branchFiles, type Layout, MAIN } from "../layout/layout.ts";
import { encodeBranchFile, encodeRunFile } from "../layout/run-files.ts";
import { FolderChain, type WorkspaceRoot } from "../layout/workspace-root.ts";
import { type LogHead, writeHead } from "../log/log-head.ts";
import { encodeLine, NO_SUM, sumOf } from "../log/log-line.ts";

/*
 * Owns: the making of runs and branches.
 * Does not own: anything that is there already.
 *
 * 1. A run or branch is filled under a temporary name and then renamed: it exists whole or not at all, and only one of
 *    two callers that make the same one succeeds.
 */

/** Nodes of one agent that a copied log holds in one line. */
const LINE_NODES = 256;

/** Bytes of a copied log that are written at a time. */
const PIECE_BYTES = 1 << 20;

const TAKEN: ReadonlySet<string> = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR", "EISDIR"]);

/** What a new branch begins with. */
export interface NewBranch {
  readonly run: RunInfo;
  readonly nodes: readonly RunNode[];
  readonly durability: Durability;
  /** Fills the new branch's directory of files; the main branch has none of its own. */
  readonly files?: ((target: FilesTarget) => Promise<ForkedFiles>) | undefined;
}

/** Makes a run with one branch. Rejects with `already_exists`. */
export async function makeRun(layout: Layout, root: WorkspaceRoot, branch: NewBranch): Promise<void> {
  const { run, durability } = branch;
  const { runDirectory: path } = layout.branch(run.runId, run.branch.id);
  await orFileFailure("make", path, async () => {
    await root.makeFolder(layout.runs);
    const requireInPlace = () => root.requireFolder(layout.runs);
    await placed({ path, what: `Run ${run.runId}`, durability, requireInPlace }, async (temporary) => {
      await mkdir(join(temporary, "branches"), { mode: 0o700 });
      await writeNewFile(join(temporary, "run.json"), encodeRunFile(run), durability);
      const directory = join(temporary, "branches", run.branch.id);
      await mkdir(directory, { mode: 0o700 });
      await fillBranch(directory, branch);
      if (durability === "fsync") await syncDirectory(join(temporary, "branches"));
    });
  });
}

/** Makes a branch of a run that is there. Rejects with `already_exists`. */
export async function makeBranch(layout: Layout, branch: NewBranch): Promise<void> {
  const { run, durability } = branch;
  const { directory } = layout.branch(run.runId, run.branch.id);
  const what = `Branch ${run.branch.id} of run ${run.runId}`;
  await orFileFailure("make", directory, async () => {
    const folders = new FolderChain(layout.foldersOfRun(run.runId));
    const requireInPlace = () => folders.require();
    await placed({ path: directory, what, durability, requireInPlace }, (temporary) =>
      fillBranch(temporary, branch),
    );
  });
}

/** Where something new goes. */
interface NewPlace {
  readonly path: string;
  readonly what: string;
  readonly durability: Durability;
  /** Throws when a folder above it is another one than when its making began. */
  readonly requireInPlace: () => void;
}

async function placed(
  { path, what, durability, requireInPlace }: NewPlace,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(path, "..", temporaryName());
  await mkdir(temporary, { mode: 0o700 });
  try {
    await fill(temporary);
    if (durability === "fsync") await syncDirectory(temporary);
    requireInPlace();
  } catch (error) {
    // The failure that matters is the first; what is left is removed when a branch is opened.
    await rm(temporary, { force: true, recursive: true }).catch(() => undefined);
    throw error;
  }
  try {
    await moveIntoPlace(temporary, path, "flush");
  } catch (error) {
    if (!TAKEN.has(systemCode(error))) throw error;
    throw new RLMError("already_exists", `${what} is there already (${path}); open it, or take another id.`);
  }
  if (durability === "fsync") await keepName(path, temporary);
}

/** Makes the new name durable, or takes it back under its temporary one: then it can be made again. */
async function keepName(path: string, temporary: string): Promise<void> {
  try {
    await syncDirectory(dirname(path));
  } catch (error) {
    // The failure that matters is the first, here too.
    await rename(path, temporary)
      .then(() => rm(temporary, { force: true, recursive: true }))
      .catch(() => undefined);
    throw error;
  }
}

async function fillBranch(directory: string, branch: NewBranch): Promise<void> {
  const { run, nodes, durability } = branch;
  const files = branchFiles(directory);
  await writeNewFile(files.info, encodeBranchFile(run), durability);
  if (run.branch.id !== MAIN) await fillFiles(directory, branch);
  const head = await fillLog(files.log, nodes, durability);
  // A new run is written to at once and gets its head when it is closed; a fork may never be opened.
  if (head !== null && run.branch.parent !== null) {
    const writes = (await readWriteLog(files.writes)).head;
    await writeHead(files.head, { ...head, ...(writes && { writes }) }, durability);
  }
  if (durability === "fsync") await syncDirectory(directory);
}

/** Writes a new log with these nodes and returns its head. */
export async function fillLog(
  file: string,
  nodes: readonly RunNode[],
  durability: Durability,
): Promise<LogHead | null> {
  const handle = await open(file, "wx", 0o600);
  try {
    let bytes = 0;
    let lines = 0;
    let last: Buffer | null = null;
    for (const piece of together(copiedLines(nodes))) {
      await writeFully(handle, piece.bytes, bytes);
      bytes += piece.bytes.length;
      lines += piece.lines;
      last = piece.last ?? last;
    }
    if (durability === "fsync") await handle.sync();
    const node = nodes.at(-1);
    if (last === null || node === undefined) return null;
    return { bytes, lines, sum: sumOf(last.subarray(0, -1)), node: node.id };
  } finally {
    await handle.close();
  }
}

async function fillFiles(directory: string, { files, durability }: NewBranch): Promise<void> {
  const target = { directory: join(directory, "files"), writes: branchFiles(directory).writes };
  await mkdir(target.directory, { mode: 0o700 });
  if (files === undefined) return;
  const forked = await files(target);
  await writeNewFile(branchFiles(directory).forked, `${JSON.stringify(forked, null, 2)}\n`, durability);
}

interface Piece {
  readonly bytes: Buffer;
  readonly lines: number;
  readonly last: Buffer | undefined;
}

/** The same bytes in few pieces: a copied log has as many lines as nodes where many agents took turns. */
function* together(lines: Iterable<Buffer>): Generator<Piece, void, undefined> {
  let held: Buffer[] = [];
  let bytes = 0;
  for (const line of lines) {
    held.push(line);
    bytes += line.length;
    if (bytes < PIECE_BYTES) continue;
    yield { bytes: Buffer.concat(held), lines: held.length, last: line };
    held = [];
    bytes = 0;
  }
  yield { bytes: Buffer.concat(held), lines: held.length, last: held.at(-1) };
}

function* copiedLines(nodes: readonly RunNode[]): Generator<Buffer, void, undefined> {
  const nextN = new Map<string, number>();
  let prev = NO_SUM;
  for (let start = 0; start < nodes.length; ) {
    const end = endOfLine(nodes, start);
    const part = nodes.slice(start, end);
    const { agentId, n } = nodes[start] ?? { agentId: "", n: 0 };
    const checked = checkAppend({ agentId, expectedN: n, nodes: part, nextN: nextN.get(agentId) ?? 0 });
    nextN.set(agentId, n + checked.length);
    const line = encodeLine({ agentId, n, nodes: checked }, prev);
    prev = sumOf(line.subarray(0, -1));
    yield line;
    start = end;
  }
}

/** Behind the last node from `start` on that stands in one line with it. */
function endOfLine(nodes: readonly RunNode[], start: number): number {
  const first = nodes[start];
  let end = start + 1;
  while (end < nodes.length && end - start < LINE_NODES) {
    const node = nodes[end];
    if (node?.agentId !== first?.agentId || node?.n !== (first?.n ?? 0) + end - start) break;
    end++;
  }
  return end;
}
