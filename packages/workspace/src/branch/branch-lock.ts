import { randomUUID } from "node:crypto";
import { existsSync, linkSync, lstatSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { RLMError } from "@rlmflow/core";
import { brokenInvariant } from "@rlmflow/core/store";
import { readOwnFileAtOnce, temporaryName } from "../disk/durable-files.ts";
import { orFileFailure, systemCode } from "../disk/file-failure.ts";
import { FolderChain } from "../layout/workspace-root.ts";
import { type HolderIdentity, holderWhereabouts, ownHolder, parseHolder } from "./holder-identity.ts";
import { type LockSocket, listenIn } from "./lock-socket.ts";

/*
 * Owns: the file `lock` of one branch, and the right to write that branch.
 * Does not own: the log.
 *
 * 1. `lock` appears whole or not at all, by `link`, and names the process that holds it.
 * 2. The lock of a process that is gone is never deleted but succeeded: only one process can link `lock.<its nonce>`,
 *    and that process then renames its own file over `lock`. So two processes that find the same dead holder cannot both
 *    succeed it. A successor that died on the way is succeeded in the same manner.
 * 3. A link to `lock.<nonce>` counts only if every earlier holder's file is still in its place afterwards. Otherwise
 *    another process had already succeeded and cleared up.
 * 4. The holder listens on `socket.<its nonce>` for as long as it lives, where the file system allows sockets.
 * 5. Files of a lock are small and are read and written in place. A link or a special file in the place of one is
 *    refused and not read.
 * 6. `requireHeld` is called before each write, and no write follows `release`. A process whose lock was taken by force,
 *    or whose folders were swapped for links or other folders, writes nothing more.
 */

/** Whose lock may be taken. */
export interface LockOptions {
  /**
   * Takes a lock that can't be read, or whose process can't be checked from here. Never takes the lock of a process that
   * runs here.
   */
  readonly force?: boolean;
}

interface LockFile {
  readonly path: string;
  readonly text: string;
}

/** A lock that is succeeded. */
interface Held extends LockFile {
  /** Its process may still run. */
  readonly isForced: boolean;
}

/** Times that a lock is tried for while others take and give it back. */
const ATTEMPTS = 100;

/** The nonces of the locks that this process holds. */
const ownNonces = new Set<string>();

/** The lock that this process holds on a branch. */
export class BranchLock {
  readonly #path: string;
  readonly #own: OwnLock;
  readonly #stamp: string | null;
  readonly #folders: FolderChain;
  /** Whoever held it before and never gave it back; `isForced` when nobody can tell whether that process still runs. */
  readonly followed: { readonly isForced: boolean } | null;

  private constructor(path: string, own: OwnLock, followed: readonly Held[], folders: FolderChain) {
    this.#path = path;
    this.#folders = folders;
    this.followed = followed.length === 0 ? null : { isForced: followed.some(({ isForced }) => isForced) };
    this.#own = own;
    this.#stamp = stampOf(path);
    ownNonces.add(own.nonce);
  }

  /**
   * Takes the lock in this directory; rejects with `locked` when another holds it. `folders` lead to whatever may be
   * written under it.
   */
  static async acquire(
    directory: string,
    options: LockOptions = {},
    folders: FolderChain = new FolderChain([directory]),
  ): Promise<BranchLock> {
    const path = join(directory, "lock");
    return orFileFailure("lock", directory, async () => {
      const nonce = randomUUID();
      const socket = await listenIn(directory, nonce);
      const identity = { ...ownHolder(nonce), ...(socket !== null && { socket: socket.name }) };
      const own: OwnLock = {
        path: join(directory, temporaryName()),
        text: JSON.stringify(identity),
        nonce,
        socket,
      };
      try {
        writeFileSync(own.path, own.text, { flag: "wx", mode: 0o600 });
        for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
          const followed = await takeOnce(path, own, options.force === true);
          if (followed !== null) return new BranchLock(path, own, followed, folders);
        }
        throw locked(path, "other processes take it and give it back all the time", "Try again later.");
      } catch (error) {
        await socket?.close();
        throw error;
      } finally {
        rmSync(own.path, { force: true });
      }
    });
  }

  /** Throws when another process has taken the lock, or when the directory is not where it was. */
  requireHeld(): void {
    if (!ownNonces.has(this.#own.nonce))
      throw brokenInvariant("a branch is written only before its lock is given back");
    this.#folders.require();
    const now = stampOf(this.#path);
    if (now !== null && now === this.#stamp) return;
    if (now !== null)
      throw new RLMError(
        "lost_race",
        `Another process has taken over the branch (${this.#path}), so this one has stopped writing.`,
      );
    if (existsSync(dirname(this.#path)))
      throw new RLMError(
        "lost_race",
        `${this.#path} is gone: another process took over the branch and has given it back, or somebody removed the file. Nothing more was written. Resume the run from what is there now.`,
      );
    throw new RLMError(
      "store_failed",
      `${this.#path} is gone: the workspace was removed or renamed. Nothing more was written. Put it back in its place, then resume the run.`,
    );
  }

  /** Gives the lock back, unless somebody took it by force. */
  async release(): Promise<void> {
    ownNonces.delete(this.#own.nonce);
    await this.#own.socket?.close();
    if (this.#isOwn()) rmSync(this.#path, { force: true });
  }

  /** What somebody else put in its place, whatever it is, stays there. */
  #isOwn(): boolean {
    try {
      return textOf(this.#path) === this.#own.text;
    } catch {
      return false;
    }
  }
}

/** A lock that this process holds or is about to take. */
interface OwnLock extends LockFile {
  readonly nonce: string;
  readonly socket: LockSocket | null;
}

/** Identifies the file at this path, to notice when it was replaced; `null` if there is none. */
function stampOf(path: string): string | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino} ${found.mtimeNs}`;
}

/** The process that may be writing the branch in this directory: one that runs, or one on another host. */
export async function lockHolder(directory: string): Promise<HolderIdentity | null> {
  const holder = parseHolder(textOf(join(directory, "lock")) ?? "");
  return holder === null || (await holderWhereabouts(holder, directory)) === "gone" ? null : holder;
}

/** When the lock of the branch in this directory was taken, in epoch milliseconds; `null` where nobody has taken it. */
export function lockedAt(directory: string): number | null {
  return lstatSync(join(directory, "lock"), { throwIfNoEntry: false })?.mtimeMs ?? null;
}

/** Follows the holders to the end, tries to stand there and gives those it followed. `null` when the ground has moved: try again. */
async function takeOnce(path: string, own: OwnLock, force: boolean): Promise<readonly Held[] | null> {
  const gone: Held[] = [];
  let free = path;
  for (let text = textOf(free); text !== null; text = textOf(free)) {
    const { nonce, isForced } = await succeeded(free, text, force);
    gone.push({ path: free, text, isForced });
    free = `${path}.${nonce}`;
  }
  if (!linked(own.path, free)) return null;
  if (gone.length === 0) return gone;
  if (!allStand(gone)) {
    rmSync(free, { force: true });
    return null;
  }
  renameSync(own.path, path);
  clearUp(path, own);
  return gone;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

function allStand(held: readonly Held[]): boolean {
  return held.every(({ path, text }) => textOf(path) === text);
}

/** Successions but that of `lock` itself are void, and so are the sockets of others; the holder of `lock` is alive. */
function clearUp(path: string, { socket }: OwnLock): void {
  const directory = join(path, "..");
  const names = readdirSync(directory).filter(
    (name) => name.startsWith("lock.") || (name.startsWith("socket.") && name !== socket?.name),
  );
  for (const name of names) rmSync(join(directory, name), { force: true });
}

function textOf(path: string): string | null {
  try {
    return readOwnFileAtOnce(path).toString("utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** The nonce of a holder that may be succeeded; throws `locked` for any other. */
async function succeeded(
  path: string,
  text: string,
  force: boolean,
): Promise<{ readonly nonce: string; readonly isForced: boolean }> {
  const holder = parseHolder(text);
  if (holder === null) {
    if (force) return { nonce: "unreadable", isForced: true };
    throw locked(
      path,
      "its lock cannot be read",
      "Make sure that no process writes it, then open it with force.",
    );
  }
  const where = await holderWhereabouts(holder, join(path, ".."));
  const { nonce } = holder;
  if (where === "gone" || (where === "elsewhere" && force)) return { nonce, isForced: where !== "gone" };
  throw where === "elsewhere" ? heldElsewhere(path, holder) : heldHere(path, holder);
}

function heldHere(path: string, holder: HolderIdentity): RLMError {
  if (ownNonces.has(holder.nonce)) {
    return locked(path, "this process has it open already", "Close that store, or use it.", holder);
  }
  const what = `process ${holder.pid} on this host (${holder.host}) is writing it`;
  return locked(
    path,
    what,
    "Wait for it or end it. To look at the run meanwhile needs no lock: load it, or rlmflow watch.",
    holder,
  );
}

function heldElsewhere(path: string, holder: HolderIdentity): RLMError {
  const place = holder.host === hostname() ? `${holder.host}, in another container or boot,` : holder.host;
  const what = `process ${holder.pid} on host ${place} was writing it, and whether it still runs can't be checked from here`;
  return locked(path, what, "When you know that it does not, open the branch with force.", holder);
}

function locked(path: string, what: string, advice: string, holder: HolderIdentity | null = null): RLMError {
  const details = { path, holder };
  return new RLMError("locked", `The branch is locked (${path}): ${what}. ${advice}`, { details });
}
