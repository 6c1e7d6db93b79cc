import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkAppend, RLMError, type RunInfo, type RunNode } from "@rlmflow/core";
import {
  type Durability,
  makeDirectory,
  moveIntoPlace,
  syncDirectory,
  temporaryName,
  writeFully,
  writeNewFile,
} from "./durable-files.ts";
import { orFileFailure, systemCode } from "./file-failure.ts";
import type { FilesTarget, ForkedFiles } from "./fork-files.ts";
import { branchFiles, type Layout, MAIN } from "./layout.ts";
import { encodeLine } from "./log-line.ts";
import { encodeBranchFile, encodeRunFile } from "./run-files.ts";

/*
 * Owns: the birth of runs and branches.
 * Does not own: anything that is there already.
 *
 * 1. A run or branch is filled under a temporary name and then renamed: it is there whole or not at all,
 *    and of two that make the same one only one succeeds.
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
export async function makeRun(layout: Layout, branch: NewBranch): Promise<void> {
  const { run, durability } = branch;
  const path = layout.run(run.runId);
  layout.branch(run.runId, run.branch.id);
  await orFileFailure("make", path, async () => {
    await makeDirectory(layout.root, durability, 0o777);
    await makeDirectory(layout.runs, durability);
    await placed(path, `Run ${run.runId}`, durability, async (temporary) => {
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
  await orFileFailure("make", directory, () =>
    placed(directory, what, durability, (temporary) => fillBranch(temporary, branch)),
  );
}

async function placed(
  path: string,
  what: string,
  durability: Durability,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = join(path, "..", temporaryName());
  await mkdir(temporary, { mode: 0o700 });
  try {
    await fill(temporary);
    if (durability === "fsync") await syncDirectory(temporary);
  } catch (error) {
    await rm(temporary, { force: true, recursive: true }).catch(() => undefined);
    throw error;
  }
  try {
    await moveIntoPlace(temporary, path, durability);
  } catch (error) {
    if (!TAKEN.has(systemCode(error))) throw error;
    throw new RLMError("already_exists", `${what} is there already (${path}); open it, or take another id.`);
  }
}

async function fillBranch(directory: string, branch: NewBranch): Promise<void> {
  const { run, nodes, durability } = branch;
  const files = branchFiles(directory);
  await writeNewFile(files.info, encodeBranchFile(run), durability);
  if (run.branch.id !== MAIN) await fillFiles(directory, branch);
  const handle = await open(files.log, "wx", 0o600);
  try {
    let position = 0;
    for (const lines of together(copiedLines(nodes))) {
      await writeFully(handle, lines, position);
      position += lines.length;
    }
    if (durability === "fsync") await handle.sync();
  } finally {
    await handle.close();
  }
  if (durability === "fsync") await syncDirectory(directory);
}

async function fillFiles(directory: string, { files, durability }: NewBranch): Promise<void> {
  const target = { directory: join(directory, "files"), writes: branchFiles(directory).writes };
  await mkdir(target.directory, { mode: 0o700 });
  if (files === undefined) return;
  const forked = await files(target);
  await writeNewFile(branchFiles(directory).forked, `${JSON.stringify(forked, null, 2)}\n`, durability);
}

/** The same bytes in few pieces: a copied log has as many lines as nodes where many agents took turns. */
function* together(lines: Iterable<Buffer>): Generator<Buffer, void, undefined> {
  let held: Buffer[] = [];
  let bytes = 0;
  for (const line of lines) {
    held.push(line);
    bytes += line.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  yield Buffer.concat(held);
}

function* copiedLines(nodes: readonly RunNode[]): Generator<Buffer, void, undefined> {
  const nextN = new Map<string, number>();
  for (let start = 0; start < nodes.length; ) {
    const end = endOfLine(nodes, start);
    const line = nodes.slice(start, end);
    const { agentId, n } = nodes[start] ?? { agentId: "", n: 0 };
    const checked = checkAppend({ agentId, expectedN: n, nodes: line, nextN: nextN.get(agentId) ?? 0 });
    nextN.set(agentId, n + checked.length);
    yield encodeLine({ agentId, n, nodes: checked });
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
