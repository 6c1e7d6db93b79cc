import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Which process of which machine something belongs to. */
export interface ProcessIdentity {
  readonly host: string;
  /** Boot and process namespace, within which the pid means something; empty where the system does not say. */
  readonly space: string;
  readonly pid: number;
  /** When it started, in ticks of the system; empty where the system does not say. Tells apart pids used twice. */
  readonly started: string;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { host: hostname(), space: ownSpace(), pid: process.pid, started: stateOf(process.pid).started };
}

/** An identity that was written as JSON; `null` when the text holds none. */
export function parseIdentity(text: string): ProcessIdentity | null {
  const value = parsed(text);
  if (typeof value !== "object" || value === null) return null;
  const { host, space, pid, started }: Partial<Record<string, unknown>> = { ...value };
  if (typeof host !== "string" || typeof space !== "string" || typeof started !== "string") return null;
  return typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0
    ? { host, space, pid, started }
    : null;
}

/** True when the process is known to be gone; of one on another machine nothing can be known from here. */
export function isGone(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname() || identity.space !== ownSpace()) return false;
  const { exists, started } = stateOf(identity.pid);
  return !exists || started !== identity.started;
}

interface ProcessState {
  readonly exists: boolean;
  readonly started: string;
}

function stateOf(pid: number): ProcessState {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === "") return { exists: answersSignals(pid), started: "" };
  // The second field is the command in parentheses and may hold anything; the third is the state, the 22nd the start.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { exists: !["Z", "X"].includes(fields[0] ?? ""), started: fields[19] ?? "" };
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

function ownSpace(): string {
  try {
    return `${read("/proc/sys/kernel/random/boot_id").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
