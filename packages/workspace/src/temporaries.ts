import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { systemCode } from "./file-failure.ts";

/** `.tmp-<pid>-<where the pid counts>-<chance>`: a name beside others that no id and no digest can have. */
export function temporaryName(): string {
  return `.tmp-${process.pid}-${numberPlace()}-${randomUUID()}`;
}

/** Files under temporary names in a directory that no living process of this machine is filling. */
export async function abandonedIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  });
  return names.filter(isAbandoned);
}

/** Removes them. What can't be removed stays: it is in nobody's way. */
export async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await abandonedIn(directory))
    await rm(join(directory, name), { recursive: true, force: true });
}

/** Of a process elsewhere (another machine, another container) nobody can tell from here: its files stay. */
function isAbandoned(name: string): boolean {
  const [, pid, place] = /^\.tmp-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}-/.exec(name) ?? [];
  if (pid === undefined || place !== numberPlace()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return systemCode(error) === "ESRCH";
  }
}

let place: string | undefined;

/** The boot and the PID namespace in which this process has its number, in eight digits. */
function numberPlace(): string {
  place ??= crc32(`${placeText()}`).toString(16).padStart(8, "0");
  return place;
}

function placeText(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1")} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}
