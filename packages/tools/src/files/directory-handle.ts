import { constants, type Dirent, existsSync, type Stats } from "node:fs";
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  unlink,
} from "node:fs/promises";
import { join, sep } from "node:path";
import { RLMError } from "@rlmflow/core";
import { failureCode, fileFailure, notFound, outOfReach } from "./file-failure.ts";
import { isHiddenName, isUsableName, showFile } from "./path-rules.ts";
import { isAbandoned, temporaryName } from "./temporaries.ts";

/** Where Linux shows the open files of this process; below it a directory is addressed by its descriptor. */
const DESCRIPTORS = "/proc/self/fd";

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCK = constants.O_NONBLOCK ?? 0;
const DIRECTORY = constants.O_DIRECTORY ?? 0;

/** What a directory holds under a name. */
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: "file" | "directory" | "other";
}

/** How a root directory is opened. */
export interface RootOptions {
  /** False addresses directories by their paths, as where there is no `/proc`. */
  readonly descriptors?: boolean;
}

/**
 * Owns one open directory below (or at) the root. Does not own: which names code may say (path-rules.ts), locks,
 * limits.
 *
 * 1. A handle is reached only from the root, one name at a time, and no step follows a symbolic link.
 * 2. With descriptors a name is resolved against the open directory itself, so a later swap in its path has no effect.
 *    Without them each step compares the real path before the result is used.
 * 3. Only regular files are opened, without blocking, and the opened file is compared with the one that was found.
 * 4. A file is replaced by renaming a complete one over it in the same directory; so a reader sees the old or the
 *    new text, and neither a link nor another name of the file is ever written through.
 */
export class DirectoryHandle implements AsyncDisposable {
  /** As code would say it; empty for the root. */
  readonly path: string;
  readonly #real: string;
  readonly #handle: FileHandle | null;

  private constructor(path: string, real: string, handle: FileHandle | null) {
    this.path = path;
    this.#real = real;
    this.#handle = handle;
  }

  /** Opens the root; it may itself be reached through links, that is its owner's choice. */
  static async openRoot(root: string, options: RootOptions = {}): Promise<DirectoryHandle> {
    try {
      const real = await realpath(root);
      const descriptors = options.descriptors ?? existsSync(DESCRIPTORS);
      if (!(await lstat(real)).isDirectory())
        throw new RLMError("invalid_options", "The directory of the file tools is not a directory.");
      const handle = descriptors ? await open(real, constants.O_RDONLY | DIRECTORY | NO_FOLLOW) : null;
      return new DirectoryHandle("", real, handle);
    } catch (cause) {
      if (RLMError.is(cause)) throw cause;
      throw new RLMError(
        "not_found",
        `The directory of the file tools cannot be opened (${failureCode(cause)}).`,
        { cause },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close();
  }

  /** Where it was when it was opened: for the host, never for code. */
  get realPath(): string {
    return this.#real;
  }

  /** The path of an entry, as code would say it. */
  pathOf(name: string): string {
    return this.path === "" ? name : `${this.path}/${name}`;
  }

  /** What stands under the name, links not followed, or `null`. */
  async stat(name: string): Promise<Stats | null> {
    try {
      return await lstat(this.#address(name));
    } catch (cause) {
      if (failureCode(cause) === "ENOENT") return null;
      throw fileFailure(this.pathOf(name), cause);
    }
  }

  /** Opens a directory in this one; with `create`, makes it when it is not there. */
  async openDirectory(name: string, options: { readonly create?: boolean } = {}): Promise<DirectoryHandle> {
    const path = this.pathOf(name);
    let stats = await this.stat(name);
    if (stats === null && options.create) {
      await this.#makeDirectory(name);
      stats = await this.stat(name);
    }
    if (stats === null) throw await this.#missing(name);
    if (stats.isSymbolicLink()) throw outOfReach(path, "a symbolic link");
    if (!stats.isDirectory()) throw new RLMError("refused", `${showFile(path)} is not a directory.`);
    const real = join(this.#real, name);
    if (this.#handle === null) {
      await requireRealPath(real, path);
      return new DirectoryHandle(path, real, null);
    }
    try {
      return new DirectoryHandle(
        path,
        real,
        await open(this.#address(name), constants.O_RDONLY | DIRECTORY | NO_FOLLOW),
      );
    } catch (cause) {
      if (failureCode(cause) === "ENOTDIR") throw outOfReach(path, "no directory any more");
      throw fileFailure(path, cause);
    }
  }

  /** Opens a regular file for reading. Never blocks, whatever stands under the name. */
  async openFile(name: string): Promise<FileHandle> {
    const path = this.pathOf(name);
    const stats = await this.stat(name);
    if (stats === null) throw await this.#missing(name);
    requireRegular(path, stats);
    const handle = await open(this.#address(name), constants.O_RDONLY | NO_FOLLOW | NON_BLOCK).catch(
      (cause: unknown) => {
        throw fileFailure(path, cause);
      },
    );
    try {
      requireRegular(path, await handle.stat());
      await this.#requirePlace(handle, join(this.#real, name), path);
      return handle;
    } catch (cause) {
      await handle.close();
      throw fileFailure(path, cause);
    }
  }

  /** The entries that exist for the tools, by name. `unusable` counts those whose names no path can say. */
  async entries(): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly unusable: number }> {
    const dirents = await this.#dirents();
    const usable = dirents.filter(({ name }) => isUsableName(name));
    const entries = usable.map((dirent) => ({ name: dirent.name, kind: kindOf(dirent) }));
    const unusable = dirents.filter(({ name }) => !isHiddenName(name) && !isUsableName(name));
    entries.sort((left, right) => (left.name < right.name ? -1 : 1));
    return { entries, unusable: unusable.length };
  }

  /** Removes what processes that have died were writing here. What can't be removed stays: it is in nobody's way. */
  async removeAbandoned(): Promise<void> {
    const abandoned = (await this.#dirents()).filter((dirent) => dirent.isFile() && isAbandoned(dirent.name));
    await Promise.allSettled(abandoned.map(({ name }) => unlink(this.#address(name))));
  }

  async #dirents(): Promise<Dirent[]> {
    return readdir(this.#address("."), { withFileTypes: true }).catch((cause: unknown) => {
      throw fileFailure(this.path, cause);
    });
  }

  /** Puts a file with these bytes under the name: the whole of it, or nothing changes. Keeps an old file's mode. `requireWanted` is called just before and may throw. */
  async replaceFile(name: string, bytes: Uint8Array, requireWanted: () => void = () => {}): Promise<void> {
    const path = this.pathOf(name);
    const old = await this.stat(name);
    if (old !== null) requireRegular(path, old);
    const temporary = this.#address(temporaryName());
    try {
      await writeNew(temporary, bytes, old === null ? 0o666 : old.mode & 0o777);
      await this.#requirePlace(this.#handle, this.#real, path);
      requireWanted();
      await rename(temporary, this.#address(name));
    } catch (cause) {
      await unlink(temporary).catch(() => undefined); // the failure that matters is the first
      throw fileFailure(path, cause);
    }
  }

  /** The error for a name that does not exist. Another name may look the same and have another Unicode form. */
  async #missing(name: string): Promise<RLMError> {
    const path = this.pathOf(name);
    const { entries } = await this.entries();
    const alike = entries.find((entry) => entry.name.normalize("NFC") === name.normalize("NFC"));
    if (alike === undefined) return notFound(path);
    return new RLMError(
      "not_found",
      `There is no ${showFile(path)}, but one that looks the same and has another Unicode form (NFC or NFD): copy the name from listFiles().`,
    );
  }

  #address(name: string): string {
    const base = this.#handle === null ? this.#real : `${DESCRIPTORS}/${this.#handle.fd}`;
    return `${base}${sep}${name}`;
  }

  async #makeDirectory(name: string): Promise<void> {
    await this.#requirePlace(this.#handle, this.#real, this.path);
    await mkdir(this.#address(name)).catch((cause: unknown) => {
      if (failureCode(cause) !== "EEXIST") throw fileFailure(this.pathOf(name), cause);
    });
  }

  /** What is open must still be what stands at the real path: it may have been moved out of the root meanwhile. */
  async #requirePlace(handle: FileHandle | null, real: string, path: string): Promise<void> {
    if (this.#handle === null || handle === null) await requireRealPath(real, path);
    else if ((await readlink(`${DESCRIPTORS}/${handle.fd}`)) !== real) throw changed(path);
  }
}

async function requireRealPath(expected: string, path: string): Promise<void> {
  const actual = await realpath(expected).catch((cause: unknown) => {
    throw fileFailure(path, cause);
  });
  if (actual.normalize() !== expected.normalize())
    throw outOfReach(path, "reached through a link or under another name");
}

function changed(path: string): RLMError {
  return new RLMError(
    "refused",
    `${showFile(path)} was moved or replaced while it was being opened. Try again.`,
  );
}

function requireRegular(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) throw new RLMError("refused", `${showFile(path)} is a directory.`);
  throw outOfReach(path, stats.isSymbolicLink() ? "a symbolic link" : "a special file");
}

function kindOf(dirent: Dirent): DirectoryEntry["kind"] {
  if (dirent.isFile()) return "file";
  return dirent.isDirectory() ? "directory" : "other";
}

async function writeNew(address: string, bytes: Uint8Array, mode: number): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;
  await using handle = await open(address, flags, mode);
  await handle.writeFile(bytes);
  await handle.datasync();
}
