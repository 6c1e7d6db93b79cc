import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isJsonObject, RLMError } from "@rlmflow/core";
import { orFileFailure, systemCode } from "../disk/file-failure.ts";
import { HIDDEN } from "../layout/layout.ts";
import type { BlobFiles } from "../payloads/blob-files.ts";
import { type FileState, stateOf } from "./file-state.ts";
import { type FilePlan, planFiles } from "./plan-files.ts";
import { encodeWrites, readWriteLog, type WriteEntry } from "./write-log.ts";

/** A file that a fork does not have, and why. */
export interface LeftOutFile {
  readonly path: string;
  /** `null` where there is no size to tell. */
  readonly bytes: number | null;
  readonly reason: string;
}

/** What became of the files of a branch when it was forked. */
export interface ForkedFiles {
  /** Files that the new branch begins with. */
  readonly restored: number;
  /** Their size together. */
  readonly bytes: number;
  /** How long that took. */
  readonly milliseconds: number;
  readonly leftOut: readonly LeftOutFile[];
  /** Files that something else than the branch's tools has changed since the branch began. */
  readonly outside: readonly string[];
  /** Files in which a write that was kept came after one that was not: something of the latter may still be in them. */
  readonly entangled: readonly string[];
}

/** The files of a branch that is forked, and what is kept of them. */
export interface FilesSource {
  readonly directory: string;
  readonly writes: string;
  readonly head: string;
  /** When the branch began: epoch milliseconds. */
  readonly since: number;
  readonly blobs: BlobFiles;
  readonly isKept: (entry: WriteEntry) => boolean;
  readonly maxFileBytes: number;
}

/** Where the files go, in a directory that nobody else sees yet. */
export interface FilesTarget {
  readonly directory: string;
  readonly writes: string;
}

/** Nothing was there to restore. */
export const NO_FILES: ForkedFiles = Object.freeze({
  restored: 0,
  bytes: 0,
  milliseconds: 0,
  leftOut: [],
  outside: [],
  entangled: [],
});

/** What was kept of a {@link ForkedFiles} as JSON. Throws `damaged_log`. */
export function parseForkedFiles(text: string, file: string): ForkedFiles {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) throw new SyntaxError("it holds no JSON object");
    const { restored, bytes, milliseconds, leftOut, outside, entangled } = value;
    const numbers = [restored, bytes, milliseconds].map(Number);
    if (numbers.some(Number.isNaN) || !Array.isArray(leftOut)) throw new SyntaxError("it lacks a field");
    const [files = 0, size = 0, time = 0] = numbers;
    return {
      restored: files,
      bytes: size,
      milliseconds: time,
      leftOut: leftOut.filter(isJsonObject).map((left) => ({
        path: String(left.path),
        bytes: typeof left.bytes === "number" ? left.bytes : null,
        reason: String(left.reason),
      })),
      outside: Array.isArray(outside) ? outside.map(String) : [],
      entangled: Array.isArray(entangled) ? entangled.map(String) : [],
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RLMError(
      "damaged_log",
      `${file} is damaged: ${reason}. It only says what a fork left out; remove it.`,
      {
        cause,
        details: { file, reason },
      },
    );
  }
}

/**
 * Makes the files of a branch anew as they were for the writes that are kept. Everything is copied first and the
 * log of writes read then, so that what a live branch writes meanwhile is undone too.
 */
export async function forkFiles(source: FilesSource, target: FilesTarget): Promise<ForkedFiles> {
  const began = performance.now();
  const copy = new FilesCopy(source, target);
  await copy.copyTree("");
  const { entries } = await readWriteLog(source.writes, source.head);
  const plans = await planFiles(entries, source.isKept, (path) => copy.present(path));
  for (const plan of plans) await copy.restore(plan);
  const kept = entriesInOrder(entries, plans);
  if (kept.length > 0) await writeFile(target.writes, encodeWrites(kept), { mode: 0o600 });
  const names = (isSo: (plan: FilePlan) => boolean) => plans.filter(isSo).map(({ path }) => path);
  const written = new Set(plans.map(({ path }) => path));
  return {
    ...copy.summary(),
    milliseconds: Math.round(performance.now() - began),
    outside: [
      ...names((plan) => plan.changedOutside),
      ...copy.changed.filter((path) => !written.has(path)),
    ].sort(),
    entangled: names((plan) => plan.entangled).sort(),
  };
}

/** The kept writes of all files in the order in which they were made. */
function entriesInOrder(entries: readonly WriteEntry[], plans: readonly FilePlan[]): readonly WriteEntry[] {
  const queues = new Map(plans.map(({ path, kept }) => [path, kept.values()]));
  const kept = new Set(plans.flatMap((plan) => plan.kept.map(({ key, path }) => `${key} ${path}`)));
  return entries.flatMap((entry) => {
    if (!kept.has(`${entry.key} ${entry.path}`)) return [];
    const next = queues.get(entry.path)?.next();
    return next === undefined || next.done === true ? [] : [next.value];
  });
}

class FilesCopy {
  /** Files whose time says that they were changed since the branch began. */
  readonly changed: string[] = [];
  readonly #source: FilesSource;
  readonly #target: FilesTarget;
  readonly #sizes = new Map<string, number>();
  readonly #leftOut = new Map<string, LeftOutFile>();

  constructor(source: FilesSource, target: FilesTarget) {
    this.#source = source;
    this.#target = target;
  }

  /** Copies what lies below a directory of the source. */
  async copyTree(below: string): Promise<void> {
    const path = join(this.#source.directory, below);
    const entries = await orFileFailure("list", path, async () => {
      try {
        return await readdir(path, { withFileTypes: true });
      } catch (error) {
        if (systemCode(error) === "ENOENT") return [];
        throw error;
      }
    });
    for (const entry of entries) {
      if (entry.name.toLowerCase().startsWith(HIDDEN)) continue;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isFile()) await this.#copy(name);
      else if (entry.isDirectory()) {
        await mkdir(join(this.#target.directory, name), { recursive: true });
        await this.copyTree(name);
      } else this.#leaveOut(name, null, "it is a link or a special file");
    }
  }

  /** What stands in the source now. */
  async present(path: string): Promise<FileState> {
    const file = join(this.#source.directory, path);
    return orFileFailure("read", file, async () => {
      try {
        const { size } = await stat(file);
        if (size > this.#source.maxFileBytes) return { digest: null, bytes: size };
        return stateOf(await readFile(file));
      } catch (error) {
        if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return null;
        throw error;
      }
    });
  }

  /** Makes one file what it has to be. */
  async restore({ path, state }: FilePlan): Promise<void> {
    if (state === "present") return;
    const file = join(this.#target.directory, path);
    this.#leftOut.delete(path);
    this.#sizes.delete(path);
    if (state === null || state.digest === null) await rm(file, { force: true });
    if (state === null) return;
    const { digest, bytes } = state;
    if (digest === null) {
      return this.#leaveOut(path, bytes, "it was too large to be kept when it was written over");
    }
    if (bytes > this.#source.maxFileBytes) return this.#tooLarge(path, bytes);
    const content = await this.#source.blobs.getBytes(digest);
    await orFileFailure("write", file, async () => {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      // Older than the branch: only what is changed later counts as changed.
      const before = new Date(0);
      await utimes(file, before, before);
    });
    this.#sizes.set(path, bytes);
  }

  summary(): Pick<ForkedFiles, "restored" | "bytes" | "leftOut"> {
    const bytes = this.#sizes.values().reduce((sum, size) => sum + size, 0);
    return { restored: this.#sizes.size, bytes, leftOut: [...this.#leftOut.values()] };
  }

  async #copy(path: string): Promise<void> {
    const from = join(this.#source.directory, path);
    const to = join(this.#target.directory, path);
    await orFileFailure("copy", from, async () => {
      try {
        const { size, atime, mtime, mtimeMs } = await lstat(from);
        if (mtimeMs > this.#source.since) this.changed.push(path);
        if (size > this.#source.maxFileBytes) return this.#tooLarge(path, size);
        await copyFile(from, to, constants.COPYFILE_FICLONE);
        await utimes(to, atime, mtime);
        this.#sizes.set(path, size);
      } catch (error) {
        // Gone since it was listed.
        if (systemCode(error) !== "ENOENT") throw error;
      }
    });
  }

  #tooLarge(path: string, bytes: number): void {
    this.#leaveOut(path, bytes, `it is larger than ${this.#source.maxFileBytes} bytes`);
  }

  #leaveOut(path: string, bytes: number | null, reason: string): void {
    this.#leftOut.set(path, { path, bytes, reason });
  }
}
