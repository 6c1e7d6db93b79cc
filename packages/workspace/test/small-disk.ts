import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { temporaryDirectory } from "./temporary-directory.ts";

const command = promisify(execFile);

/** A file system of its own, of the size in the mount options, or the reason why there is none. */
export async function smallDisk(options: string): Promise<{ path: string } | { reason: string }> {
  const path = join(await temporaryDirectory(), "disk");
  await mkdir(path);
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
