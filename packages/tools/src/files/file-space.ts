import type { FileHandle } from "node:fs/promises";
import { RLMError } from "@rlmflow/core";
import { DirectoryHandle, type RootOptions } from "./directory-handle.ts";
import { fileFailure, keptFailure, overLimit } from "./file-failure.ts";
import { Gate } from "./gate.ts";
import { HIDDEN_NAME, isHiddenName, parsePath, showFile } from "./path-rules.ts";
import type { TotalSize } from "./total-size.ts";
import { directoryLock, type Lock } from "./write-lock.ts";
import type { CurrentFile, FilesByCall, WriteRecord } from "./write-record.ts";

/**
 * The directory that tools work in: a path, something that knows it and may answer differently later, or a
 * workspace, which has one for every branch and keeps what files were.
 */
export type FileRoot = string | { path(): string } | FilesByCall;

/** What a file was before a tool writes it. */
export interface FileChange {
  readonly path: string;
  /** The old bytes, or `null` when there was no file. */
  readonly previous: Uint8Array | null;
  /** Of the call that writes: equal for a repeated one. */
  readonly effectKey: string;
}

/** The sizes at which the file tools stop, in bytes unless said. */
export interface FileLimits {
  /** Largest file that is read or searched as a whole: 5 MiB. */
  readonly maxReadBytes: number;
  /** Largest file that is written: 5 MiB. */
  readonly maxWriteBytes: number;
  /** All files together: 200 MiB. */
  readonly maxTotalBytes: number;
  /** Files that tools may leave in the directory: 100,000. */
  readonly maxFiles: number;
  /** Names that one listing gives: 20,000. */
  readonly maxListed: number;
  /** Milliseconds one `grep` may take: 10,000. */
  readonly maxGrepMs: number;
}

/** A write: what the file's bytes become. */
export interface FileReplacement {
  readonly path: string;
  readonly effectKey: string;
  /** Aborts when the write is not wanted any more. */
  readonly signal?: AbortSignal;
  /** `previous` gives the old bytes, `null` when there is no file. What it throws leaves the file as it is. */
  change(previous: () => Promise<Uint8Array | null>): Promise<Uint8Array>;
}

/** What a {@link FileSpace} is made of. */
export interface FileSpaceOptions extends RootOptions {
  readonly limits: FileLimits;
  readonly lock?: Lock;
  readonly beforeWrite?: (change: FileChange) => Promise<void>;
}

/** Where a {@link FileSpace} works, and what it shares with others of the same directory. */
export interface FilePlace {
  readonly directory: string;
  readonly total: TotalSize;
  /** Where what files were is kept; absent where nothing is. */
  readonly writes?: WriteRecord;
}

/** Calls at work at a time, in this process; each holds a few open directories. */
const gate = new Gate(16);

/**
 * Owns the way from a path that code gave to an open file. Does not own what is done with it.
 *
 * 1. `write` takes the lock first and then a slot of the gate, so the holder of a slot never waits for the lock.
 * 2. Every handle is closed before a call ends.
 */
export class FileSpace {
  readonly limits: FileLimits;
  readonly #place: FilePlace;
  readonly #options: FileSpaceOptions;

  constructor(place: FilePlace, options: FileSpaceOptions) {
    this.#place = place;
    this.#options = options;
    this.limits = options.limits;
  }

  /** Runs an operation on the root. */
  async inRoot<T>(operation: (root: DirectoryHandle) => Promise<T>): Promise<T> {
    return gate.run(async () => {
      await using root = await DirectoryHandle.openRoot(this.#place.directory, this.#options);
      return await operation(root);
    });
  }

  /** Opens the regular file at the path for reading. */
  async readFile<T>(path: string, operation: (file: FileHandle) => Promise<T>): Promise<T> {
    const { directories, name } = splitPath(path);
    return this.inRoot((root) =>
      within(root, directories, {}, async (directory) => {
        await using file = await directory.openFile(name);
        return await operation(file).catch((cause: unknown) => {
          throw fileFailure(path, cause);
        });
      }),
    );
  }

  /** Makes new bytes of the old ones, alone in this directory, and puts them in place: all of them or none. */
  async replaceFile(replacement: FileReplacement): Promise<void> {
    const target = writablePath(replacement.path);
    const lock = this.#options.lock ?? directoryLock(this.#place.directory);
    const { writes } = this.#place;
    const write = () => this.inRoot((root) => this.#replace(root, target, replacement));
    if (writes === undefined) return await lock(write);
    try {
      await lock(() => writes.during(write));
    } catch (cause) {
      throw keptFailure(replacement.path, cause);
    }
  }

  async #replace(
    root: DirectoryHandle,
    target: Target,
    { path, effectKey, signal, change }: FileReplacement,
  ): Promise<void> {
    const { directories, name } = target;
    const { writes, total } = this.#place;
    const size = await sizeOf(root, target);
    const file = [...directories, name].join("/");
    const current: CurrentFile = { bytes: size, read: () => this.#read(root, target, size ?? 0) };
    if (await writes?.isDone({ effectKey, path: file, current })) return;
    const previous = async () => (size === null ? null : this.#read(root, target, this.limits.maxReadBytes));
    const bytes = await change(previous);
    this.#requireWritable(path, bytes);
    const growth = { bytes: bytes.length - (size ?? 0), files: size === null ? 1 : 0 };
    await total.allow(root, path, growth);
    const { beforeWrite } = this.#options;
    if (beforeWrite) await beforeWrite({ path: file, previous: await previous(), effectKey });
    requireWanted(signal);
    await writes?.note({ effectKey, path: file, current, next: bytes });
    await within(root, directories, { create: true }, (directory) =>
      directory.replaceFile(name, bytes, () => {
        requireWanted(signal);
        writes?.requireHeld();
      }),
    );
    total.add(growth);
  }

  async #read(root: DirectoryHandle, { directories, name }: Target, limit: number): Promise<Uint8Array> {
    return within(root, directories, {}, async (directory) => {
      await using file = await directory.openFile(name);
      return await readBounded(file, directory.pathOf(name), limit);
    });
  }

  #requireWritable(path: string, bytes: Uint8Array): void {
    const { maxWriteBytes } = this.limits;
    if (bytes.length <= maxWriteBytes) return;
    throw overLimit(
      path,
      `would have ${bytes.length} bytes, and at most ${maxWriteBytes} are written`,
      "Split it into several files.",
    );
  }
}

/** Throws when the call was given up: its run was aborted, or its block has ended. */
function requireWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new RLMError("aborted", "The call was given up before the file was written.");
}

/** The bytes of an open file; `limit_reached` when there are too many, also when the file grows meanwhile. */
export async function readBounded(file: FileHandle, path: string, limit: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  const chunks: Uint8Array[] = [];
  let total = 0;
  let room = Math.min(size, limit) + 1;
  while (total <= limit) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(room), 0, room, null);
    if (bytesRead === 0) return chunks.length === 1 ? (chunks[0] ?? buffer) : Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
    room = Math.max(1, Math.min(64 * 1024, limit + 1 - total));
  }
  throw overLimit(
    path,
    `has ${Math.max(size, total)} bytes, and at most ${limit} are read at once`,
    "Read parts of it with readLines, or search it in parts.",
  );
}

/** Walks down from a directory and closes what it opened. */
export async function within<T>(
  root: DirectoryHandle,
  names: readonly string[],
  options: { readonly create?: boolean },
  operation: (directory: DirectoryHandle) => Promise<T>,
): Promise<T> {
  const [name, ...rest] = names;
  if (name === undefined) return operation(root);
  await using directory = await root.openDirectory(name, options);
  return await within(directory, rest, options, operation);
}

/** Where a file stands or will stand. */
interface Target {
  readonly directories: readonly string[];
  readonly name: string;
}

/** The size of what stands there, or `null` when nothing does. */
async function sizeOf(root: DirectoryHandle, { directories, name }: Target): Promise<number | null> {
  try {
    return await within(
      root,
      directories,
      {},
      async (directory) => (await directory.stat(name))?.size ?? null,
    );
  } catch (cause) {
    if (RLMError.is(cause, "not_found")) return null;
    throw cause;
  }
}

/** The place of a file that is to be written, with messages that are about writing. */
function writablePath(path: string): Target {
  if (path.split("/").some(isHiddenName))
    throw new RLMError(
      "refused",
      `The path ${showFile(path)} cannot be written: names that begin with ${HIDDEN_NAME} are reserved for the host. Use another name.`,
    );
  if (/\/\.?$/.test(path))
    throw new RLMError(
      "refused",
      `The path ${showFile(path)} ends with "/", like that of a directory. Name a file in it; missing directories are created.`,
    );
  return splitPath(path);
}

function splitPath(path: string): Target {
  const names = parsePath(path);
  const name = names.at(-1);
  if (name === undefined)
    throw new RLMError(
      "refused",
      `${showFile(path)} is the working directory, not a file. Name a file in it.`,
    );
  return { directories: names.slice(0, -1), name };
}
