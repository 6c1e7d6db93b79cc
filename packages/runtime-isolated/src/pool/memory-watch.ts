import { readFileSync } from "node:fs";
import type { SandboxProcess } from "./sandbox-process.ts";

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
  readonly #processes: ReadonlySet<SandboxProcess>;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMB: number, processes: ReadonlySet<SandboxProcess>) {
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

  #poll(): void {
    for (const sandbox of [...this.#processes]) {
      if (sandbox.executes && residentMB(sandbox.pid) > this.#limitMB) sandbox.endForMemory();
    }
  }
}

/** Resident megabytes of a process, 0 when it is gone. */
export function residentMB(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
    return (Number(pages) * PAGE_BYTES) / MEGABYTE;
  } catch {
    return 0;
  }
}
