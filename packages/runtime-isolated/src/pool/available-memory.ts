import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const MEGABYTE = 1024 * 1024;

/** Where one version of control groups keeps its numbers about memory. */
interface Version {
  /** Finds the group of this process in /proc/self/cgroup. */
  readonly own: RegExp;
  readonly folder: string;
  readonly limit: string;
  readonly used: string;
  /** The line of memory.stat with the file caches that can be dropped. */
  readonly droppable: RegExp;
}

const VERSIONS: readonly Version[] = [
  {
    own: /^0::(\/.*)$/m,
    folder: "/sys/fs/cgroup",
    limit: "memory.max",
    used: "memory.current",
    droppable: /^inactive_file (\d+)/m,
  },
  {
    own: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m,
    folder: "/sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    droppable: /^total_inactive_file (\d+)/m,
  },
];

/** Reads a file of the kernel; `null` when there is none. Tests pass their own. */
export type ReadFile = (path: string) => string | null;

/**
 * Megabytes that are available to this process: the least of what the machine and each of its control groups have
 * left, including file caches that can be dropped. `null` where there is no /proc.
 */
export function availableMB(read: ReadFile = readKernelFile): number | null {
  const machine = field(read("/proc/meminfo"), /^MemAvailable:\s+(\d+) kB/m);
  if (machine === null) return null;
  const groups = read("/proc/self/cgroup") ?? "";
  const left = VERSIONS.flatMap((version) =>
    foldersOf(version, groups).map((folder) => leftIn(folder, version, read)),
  );
  return Math.min(machine / 1024, ...left);
}

/** The folder of this process's group and those above it; a container may see the last one alone, as its own. */
function foldersOf({ own, folder }: Version, groups: string): readonly string[] {
  const folders = [folder];
  for (let at = own.exec(groups)?.[1] ?? "/"; at !== "/"; at = dirname(at)) folders.push(join(folder, at));
  return folders;
}

function leftIn(folder: string, version: Version, read: ReadFile): number {
  const limit = field(read(join(folder, version.limit)), /^(\d+)/);
  const used = field(read(join(folder, version.used)), /^(\d+)/);
  if (limit === null || used === null) return Number.POSITIVE_INFINITY;
  const droppable = field(read(join(folder, "memory.stat")), version.droppable) ?? 0;
  return Math.max(0, limit - used + droppable) / MEGABYTE;
}

function field(text: string | null, pattern: RegExp): number | null {
  const found = pattern.exec(text ?? "")?.[1];
  return found === undefined ? null : Number(found);
}

function readKernelFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
