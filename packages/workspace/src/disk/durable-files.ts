import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFile,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { RLMError } from "@rlmflow/core";
import { markWhereabouts, processMark, type Whereabouts } from "@rlmflow/core/processes";
import { orFileFailure, systemCode } from "./file-failure.ts";

/**
 * What has become of data when a promise resolves: `flush` has given it to the operating system, so that
 * it outlives this process; `fsync` to the disk, so that it outlives the machine's power.
 */
export type Durability = "flush" | "fsync";

/**
 * Up to this many bytes are read and written in place: the operating system copies them from or to its cache in less time
 * than it takes to hand them to another thread and back.
 */
export const IN_PLACE_BYTES: number = 128 << 10;

/** Writes all bytes at the position, also when the system takes them in parts. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await retried(() =>
      handle.write(bytes, done, bytes.length - done, position + done),
    );
    done += bytesWritten;
  }
}

/** {@link writeFully} without a promise: for a few bytes, which the operating system copies at once. */
export function writeAtOnce(fd: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/** How often a system call is tried that fails for a passing reason, and the pause in between. */
const TRIES = 100;
const PAUSE_MS = 20;

/** True for a failure of a system call that may succeed when it is made again. */
export function isPassing(error: unknown): boolean {
  return systemCode(error) === "EAGAIN" || systemCode(error) === "EINTR";
}

/** Repeats a system call while it fails for a passing reason, for two seconds at most. */
export async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error) || tried === TRIES) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/**
 * Opens a file of the store. Refuses a symbolic link, which would lead out of the workspace, and anything that is not a
 * regular file. Never blocks, as opening a FIFO would.
 */
export async function openOwnFile(path: string, flags: number): Promise<FileHandle> {
  const handle = await opened(path, () => open(path, flags | NO_FOLLOW | NON_BLOCK, 0o600));
  try {
    requireRegular(path, handle.fd);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function opened<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await retried(open);
  } catch (error) {
    throw notOpened(path, error);
  }
}

function notOpened(path: string, error: unknown): unknown {
  if (systemCode(error) === "ELOOP") return notRegular(path, "a symbolic link");
  if (systemCode(error) === "EISDIR") return notRegular(path, "a directory");
  if (systemCode(error) === "ENXIO") return notRegular(path, "a special file");
  return error;
}

/** Throws for anything but a regular file. */
function requireRegular(path: string, fd: number): void {
  if (!fstatSync(fd).isFile()) throw notRegular(path, "not a regular file");
}

/** {@link openOwnFile} in place and only to read: a descriptor, which whoever asked for it closes. */
export async function openToRead(path: string): Promise<number> {
  const fd = await opened(path, async () => openSync(path, constants.O_RDONLY | NO_FOLLOW | NON_BLOCK));
  try {
    requireRegular(path, fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** All bytes of a file of the store; see {@link openOwnFile}. */
export async function readOwnFile(path: string): Promise<Buffer> {
  const fd = await openToRead(path);
  try {
    if (fstatSync(fd).size <= IN_PLACE_BYTES) return readFileSync(fd);
    return await promisify(readFile)(fd);
  } finally {
    closeSync(fd);
  }
}

/** {@link readOwnFile} without a promise: for a file that is small when it is what it should be. */
export function readOwnFileAtOnce(path: string): Buffer {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | NO_FOLLOW | NON_BLOCK);
  } catch (error) {
    throw notOpened(path, error);
  }
  try {
    requireRegular(path, fd);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

const { O_NOFOLLOW: NO_FOLLOW = 0, O_NONBLOCK: NON_BLOCK = 0 } = constants;

function notRegular(path: string, what: string): RLMError {
  return new RLMError(
    "store_failed",
    `${path} is ${what}: rlmflow neither reads nor writes through it. Put the file itself there.`,
    { details: { path } },
  );
}

/** Makes the names in a directory as durable as its files. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await retried(() => handle.sync());
  } finally {
    await handle.close();
  }
}

/**
 * Makes the directory and those above it, for this user alone unless another mode is given. One by one: so a
 * failure tells its reason, and where no directory can be made (`/proc`) it is one, while Node's own recursive
 * making tries for ever there.
 */
export async function makeDirectory(
  directory: string,
  durability: Durability,
  mode: number = 0o700,
): Promise<void> {
  if (await madeOrThere(directory, durability, mode)) return;
  await makeDirectory(dirname(directory), durability, mode);
  if (await madeOrThere(directory, durability, mode)) return;
  throw Object.assign(new Error(`no directory can be made in ${dirname(directory)}`), { code: "ENOENT" });
}

/** False when what lies above is missing, or can hold no directory. */
async function madeOrThere(directory: string, durability: Durability, mode: number): Promise<boolean> {
  try {
    await mkdir(directory, { mode });
    if (durability === "fsync") await syncDirectory(dirname(directory));
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return true;
    if (systemCode(error) === "ENOENT" && dirname(directory) !== directory) return false;
    throw error;
  }
}

/** Fills a new file under a temporary name and gives the path; removes it again when filling fails. */
export async function writeTemporary(
  directory: string,
  durability: Durability,
  fill: (handle: FileHandle) => Promise<void>,
): Promise<string> {
  const path = join(directory, temporaryName());
  const handle = await orFileFailure("make a file in", directory, () => open(path, "wx", 0o600));
  try {
    await fill(handle);
    if (durability === "fsync")
      await orFileFailure("write a file in", directory, () => retried(() => handle.sync()));
    await handle.close();
    return path;
  } catch (error) {
    // The failure that matters is the first; what is left is removed when the branch is opened.
    await handle.close().catch(() => undefined);
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Puts a file or directory in its place, whole; what was there is replaced, a directory that is not empty refused. */
export async function moveIntoPlace(from: string, to: string, durability: Durability): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    // As above.
    await rm(from, { force: true, recursive: true }).catch(() => undefined);
    throw error;
  }
  if (durability === "fsync") await syncDirectory(dirname(to));
}

/** Puts a small file in its place: whoever reads finds the old one or the new one, whole. */
export async function replaceFile(path: string, bytes: Uint8Array, durability: Durability): Promise<void> {
  const directory = dirname(path);
  if (durability === "fsync") {
    const temporary = await writeTemporary(directory, durability, (handle) => writeFully(handle, bytes, 0));
    return await moveIntoPlace(temporary, path, durability);
  }
  const temporary = join(directory, temporaryName());
  try {
    writeFileSync(temporary, bytes, { flag: "wx", mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Writes a new file in a directory that nobody else can see yet. */
export async function writeNewFile(path: string, text: string, durability: Durability): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await writeFully(handle, Buffer.from(text), 0);
    if (durability === "fsync") await handle.sync();
  } finally {
    await handle.close();
  }
}

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
