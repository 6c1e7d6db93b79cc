import { readFileSync } from "node:fs";
import type { PooledProcess } from "./pooled-process.ts";

const POLL_MS = 50;
/** What Linux counts resident memory in, on every machine that isolated-vm has a binary for. */
const PAGE_BYTES = 4096;
const MEGABYTE = 1024 * 1024;

/**
 * Ends processes whose resident memory passes the limit. Looks only while code runs in them, every 50 ms, and
 * only where /proc is. Does not keep the event loop alive.
 */
export class MemoryWatch {
  readonly #limitMB: number;
  readonly #processes: ReadonlySet<PooledProcess>;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMB: number, processes: ReadonlySet<PooledProcess>) {
    this.#limitMB = limitMB;
    this.#processes = processes;
  }

  start(): void {
    if (process.platform !== "linux" || this.#timer) return;
    this.#timer = setInterval(() => this.#poll(), POLL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** True when the process holds at most half of what it may: what an earlier user left is no burden to the next. */
  isLight({ pid }: PooledProcess): boolean {
    return process.platform !== "linux" || residentMB(pid) <= this.#limitMB / 2;
  }

  #poll(): void {
    for (const sandbox of [...this.#processes]) {
      if (sandbox.executes && residentMB(sandbox.pid) > this.#limitMB) sandbox.endForMemory();
    }
  }
}

/** Resident megabytes of a process, 0 when it is gone. */
export function residentMB(pid: number | undefined): number {
  return memoryOf(pid).resident;
}

/** Resident megabytes of a process that it shares with no other: without the program's own file. 0 when it is gone. */
export function ownMB(pid: number | undefined): number {
  const { resident, shared } = memoryOf(pid);
  return resident - shared;
}

function memoryOf(pid: number | undefined): { readonly resident: number; readonly shared: number } {
  if (pid === undefined) return { resident: 0, shared: 0 };
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ").map(megabytesOfPages);
    return { resident: resident ?? 0, shared: shared ?? 0 };
  } catch {
    return { resident: 0, shared: 0 };
  }
}

function megabytesOfPages(pages: string): number {
  return (Number(pages) * PAGE_BYTES) / MEGABYTE;
}
