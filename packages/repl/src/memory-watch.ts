import { readFileSync } from "node:fs";

/** A process whose memory is watched. */
export interface WatchedProcess {
  /** The operating system's number for it; `undefined` when it could not be started. */
  readonly pid: number | undefined;
  /** Whether code may be running in it. */
  readonly executes: boolean;
  /** Ends it because it takes more memory than it may. */
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
  readonly #processes = new Set<WatchedProcess>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMB: number) {
    this.#limitMB = limitMB;
  }

  add(watched: WatchedProcess): void {
    if (process.platform !== "linux") return;
    this.#processes.add(watched);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS).unref();
  }

  remove(watched: WatchedProcess): void {
    this.#processes.delete(watched);
    if (this.#processes.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    for (const watched of [...this.#processes])
      if (watched.executes && residentMB(watched.pid) > this.#limitMB) watched.endForMemory(this.#limitMB);
  }
}

/** Resident megabytes of a process, 0 when it is gone or the system does not say. */
export function residentMB(pid: number | undefined): number {
  return megabytes(pid, /^VmRSS:\s+(\d+) kB/m);
}

/** Megabytes that no file backs and no other process shares: what one more process of its kind costs. 0 as above. */
export function ownMB(pid: number | undefined): number {
  return megabytes(pid, /^RssAnon:\s+(\d+) kB/m);
}

function megabytes(pid: number | undefined, field: RegExp): number {
  if (pid === undefined) return 0;
  try {
    const [, kilobytes = "0"] = field.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return Number(kilobytes) / KILOBYTES;
  } catch {
    return 0;
  }
}
