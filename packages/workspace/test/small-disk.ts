import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

const command = promisify(execFile);

/**
 * A file system of its own, of the size in the mount options, or the reason why there is none. It is mounted at `path`,
 * or in a directory for this test.
 */
export async function smallDisk(
  options: string,
  path?: string,
): Promise<{ path: string } | { reason: string }> {
  return await mounted(options, path ?? join(await temporaryDirectory(), "disk"));
}

async function mounted(options: string, path: string): Promise<{ path: string } | { reason: string }> {
  await mkdir(path, { recursive: true });
  try {
    await command("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]);
  } catch (error) {
    return { reason: `no file system can be mounted here: ${String(error).split("\n")[0]}` };
  }
  onTestFinished(async () => {
    await command("umount", ["-l", path]);
  });
  return { path };
}

/** Makes the file system of a {@link smallDisk} one that can only be read. */
export async function makeReadOnly(path: string): Promise<void> {
  await command("mount", ["-o", "remount,ro", path]);
}

/** Lets it be written again. */
export async function makeWritable(path: string): Promise<void> {
  await command("mount", ["-o", "remount,rw", path]);
}
