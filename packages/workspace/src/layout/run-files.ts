import { readdir, stat } from "node:fs/promises";
import { isJsonObject, type JsonObject, RLMError } from "@rlmflow/core";
import { decodeRunInfo, FORMAT, isKnownFormat, isRunName, type RunInfo } from "@rlmflow/core/store";
import { readOwnFile } from "../disk/durable-files.ts";
import { damagedFile, orFileFailure, systemCode } from "../disk/file-failure.ts";
import { HIDDEN, type Layout } from "./layout.ts";
import { refuseLinks } from "./workspace-root.ts";

/** What run.json holds. */
export interface RunFile {
  readonly runId: string;
  readonly createdAt: number;
  readonly metadata: JsonObject;
}

/** The text of run.json. */
export function encodeRunFile({ runId, branch, metadata }: RunInfo): string {
  return `${JSON.stringify({ format: FORMAT, runId, createdAt: branch.createdAt, metadata }, null, 2)}\n`;
}

/** The text of branch.json. */
export function encodeBranchFile(run: RunInfo): string {
  return `${JSON.stringify({ format: FORMAT, run }, null, 2)}\n`;
}

/** Reads run.json. Rejects with `not_found`, `damaged_log` or `unsupported_format`, naming the file. */
export async function readRunFile(layout: Layout, runId: string): Promise<RunFile> {
  const path = layout.runInfo(runId);
  const { document } = await readDocument(path, () => missingRun(layout, runId, path));
  const { runId: id, createdAt, metadata } = document;
  if (id !== runId)
    throw damagedFile(path, `its runId is ${JSON.stringify(id)}, the folder's name is ${runId}`);
  if (typeof createdAt !== "number") throw damagedFile(path, "createdAt should be a time in milliseconds");
  if (!isJsonObject(metadata)) throw damagedFile(path, "metadata should be an object");
  return { runId, createdAt, metadata };
}

/** Reads branch.json, which says what a branch is called. Rejects as {@link readRunFile} does. */
export async function readBranchFile(layout: Layout, runId: string, branchId: string): Promise<RunInfo> {
  return (await readStoredBranch(layout, runId, branchId)).run;
}

/** {@link readBranchFile}, with the format in which it is stored. */
export async function readStoredBranch(
  layout: Layout,
  runId: string,
  branchId: string,
): Promise<{ readonly run: RunInfo; readonly format: number }> {
  const path = layout.branch(runId, branchId).info;
  const { document, format } = await readDocument(path, () =>
    missingBranch(layout, { runId, branchId, path }),
  );
  let info: RunInfo;
  try {
    info = decodeRunInfo(document.run, "$.run", format);
  } catch (error) {
    throw damagedFile(path, error instanceof Error ? error.message : String(error), error);
  }
  if (info.runId === runId && info.branch.id === branchId) return { run: info, format };
  throw damagedFile(path, `it belongs to branch ${info.branch.id} of run ${info.runId}`);
}

/** The names of the runs of a workspace. A link is listed too: whoever opens it says that it is one. */
export async function listRuns(layout: Layout): Promise<readonly string[]> {
  return namesIn(layout.runs);
}

/** The names of the branches of a run. */
export async function listBranches(layout: Layout, runId: string): Promise<readonly string[]> {
  return namesIn(layout.branches(runId));
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return orFileFailure("list", directory, async () => {
    try {
      const entries = await readdir(directory, { withFileTypes: true });
      const folders = entries.filter(
        (entry) => (entry.isDirectory() || entry.isSymbolicLink()) && isRunName(entry.name),
      );
      return folders.map(({ name }) => name).sort();
    } catch (error) {
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
      throw error;
    }
  });
}

/** A parsed file and the format in which it was stored. */
interface StoredDocument {
  readonly document: JsonObject;
  readonly format: number;
}

async function readDocument(path: string, missing: () => Promise<RLMError>): Promise<StoredDocument> {
  const text = await orFileFailure("read", path, async () => {
    try {
      return (await readOwnFile(path)).toString("utf8");
    } catch (error) {
      if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") throw await missing();
      throw error;
    }
  });
  const document = parse(path, text);
  if (!isJsonObject(document)) throw damagedFile(path, "it holds no JSON object");
  const { format } = document;
  if (isKnownFormat(format)) return { document, format };
  if (typeof format !== "number" || format <= FORMAT)
    throw damagedFile(path, `its format is ${JSON.stringify(format)}`);
  throw new RLMError(
    "unsupported_format",
    `${path} has format ${format}, this version of rlmflow reads up to ${FORMAT}. Use the version that wrote it, or a newer one.`,
    { details: { file: path, format } },
  );
}

function parse(path: string, text: string): unknown {
  if (text.startsWith("\ufeff"))
    throw damagedFile(path, "it begins with a byte order mark, so an editor has changed it");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damagedFile(path, error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * A folder without a description was a run once, and "not found" would hide what it holds. The same goes for a link in the
 * folder's place.
 */
async function missingRun(layout: Layout, runId: string, path: string): Promise<RLMError> {
  refuseLinks(layout.foldersOfRun(runId));
  if ((await listRuns(layout)).includes(runId)) return damagedFile(path, "it is missing");
  return new RLMError(
    "not_found",
    `There is no run ${runId} in ${layout.root}; ${await whatIsThere(layout)}`,
  );
}

async function missingBranch(
  layout: Layout,
  { runId, branchId, path }: { readonly runId: string; readonly branchId: string; readonly path: string },
): Promise<RLMError> {
  const branches = await listBranches(layout, runId);
  if (branches.length === 0) return missingRun(layout, runId, path);
  if (branches.includes(branchId)) return damagedFile(path, "it is missing");
  const message = `Run ${runId} in ${layout.root} has no branch ${branchId}; it has ${some(branches)}.`;
  return new RLMError("not_found", message);
}

/** The id of the run that was made last, of those that can be read. Rejects with `not_found`, or why none can be read. */
export async function newestRun(layout: Layout): Promise<string> {
  refuseLinks([layout.hidden, layout.runs]);
  const ids = await listRuns(layout);
  const settled = await Promise.allSettled(ids.map((id) => readRunFile(layout, id)));
  const files = settled.flatMap((file) => (file.status === "fulfilled" ? [file.value] : []));
  const [first, ...others] = files;
  if (first !== undefined)
    return others.reduce((newest, file) => (file.createdAt > newest.createdAt ? file : newest), first).runId;
  const failed = settled.find((file) => file.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  throw new RLMError("not_found", `There is no run in ${layout.root}; ${await whatIsThere(layout)}`);
}

/** Half a sentence about what a path holds, for somebody who looked for a run in it. */
async function whatIsThere(layout: Layout): Promise<string> {
  const runs = await listRuns(layout);
  if (runs.length > 0) return `it has ${some(runs)}.`;
  const names = await readdir(layout.root).catch((error: unknown) => systemCode(error));
  if (names === "ENOENT") return "there is no such directory.";
  if (names === "ENOTDIR") return "that is a file, not a directory.";
  if (typeof names === "string") return `the directory cannot be read (${names}).`;
  if (names.includes(HIDDEN)) {
    for (const path of [layout.hidden, layout.runs])
      if ((await stat(path).catch(() => null))?.isDirectory() === false)
        return `${path} is a file where a directory is needed.`;
    return "no run was ever kept in it.";
  }
  if (names.length === 0) return "the directory is empty.";
  return `it is no workspace (it has no .rlmflow) but a directory with ${some(names)}.`;
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
