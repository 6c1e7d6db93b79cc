import { readdirSync, readFileSync } from "node:fs";

/** Bytes of memory of one child process. */
export interface ProcessMemory {
  readonly pid: number;
  /** Resident now. */
  readonly rss: number;
  /** The most that was ever resident. */
  readonly peak: number;
}

/** The memory of every child of this process. Reads /proc, so it knows none but on Linux. */
export function sandboxProcesses(): readonly ProcessMemory[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const status = statusOf(name);
      if (field(status, "PPid") !== process.pid) return [];
      const memory = { rss: 1024 * field(status, "VmRSS"), peak: 1024 * field(status, "VmHWM") };
      return [{ pid: Number(name), ...memory }];
    });
}

/** Empty for a process that has ended meanwhile. */
function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN);
}
