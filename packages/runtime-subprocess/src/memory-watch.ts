import { readFileSync } from "node:fs";

/** A process whose memory is watched. */
export interface Watched {
  readonly pid: number;
  /** Whether code may be running in it. */
  readonly isBusy: boolean;
  endForMemory(limitMB: number): void;
}

const POLL_MS = 50;
const KILOBYTES = 1024;

/**
 * Ends processes whose resident memory passes the limit. Looks only while code runs in them, every 50 ms, and
 * only where /proc is. Does not keep the event loop alive.
 */
export class MemoryWatch {
  readonly #limitMB: number;
  readonly #processes = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMB: number) {
    this.#limitMB = limitMB;
  }

  add(watched: Watched): void {
    if (process.platform !== "linux") return;
    this.#processes.add(watched);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS).unref();
  }

  remove(watched: Watched): void {
    this.#processes.delete(watched);
    if (this.#processes.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    for (const watched of [...this.#processes]) {
      if (watched.isBusy && residentMB(watched.pid) > this.#limitMB) watched.endForMemory(this.#limitMB);
    }
  }
}

/** Resident megabytes of a process, 0 when it is gone. */
function residentMB(pid: number): number {
  try {
    const [, resident = "0"] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(resident) / KILOBYTES;
  } catch {
    return 0;
  }
}
