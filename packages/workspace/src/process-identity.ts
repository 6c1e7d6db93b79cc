import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { isJsonObject } from "@rlmflow/core";
import { systemCode } from "./file-failure.ts";

/** Which process of which host holds something. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in the system's own words; `null` where the system does not say. Tells apart pids used twice. */
  readonly started: string | null;
  /** Drawn for each holding. */
  readonly nonce: string;
}

/** This process, under a nonce. */
export async function ownIdentity(nonce: string): Promise<ProcessIdentity> {
  const { started } = await processState(process.pid);
  return { host: hostname(), pid: process.pid, started, nonce };
}

/** An identity that was written as JSON; `null` when the text holds none. */
export function parseIdentity(text: string): ProcessIdentity | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isJsonObject(value)) return null;
  const { host, pid, started, nonce } = value;
  if (typeof host !== "string" || typeof nonce !== "string" || !/^[\w-]{1,64}$/.test(nonce)) return null;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return null;
  if (started !== null && typeof started !== "string") return null;
  return { host, pid, started, nonce };
}

/** Where a process stands: of one on another host nothing can be known from here. */
export type Whereabouts = "running" | "gone" | "elsewhere";

/** Whether the process still runs. */
export async function whereabouts(identity: ProcessIdentity): Promise<Whereabouts> {
  if (identity.host !== hostname()) return "elsewhere";
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return "gone";
  }
  const { started, ended } = await processState(identity.pid);
  const another = started !== null && identity.started !== null && started !== identity.started;
  return ended || another ? "gone" : "running";
}

interface ProcessState {
  readonly started: string | null;
  /** True for a process that has died and that nobody has waited for yet. */
  readonly ended: boolean;
}

/** The boot and the tick in it at which a process started, as Linux tells; nothing is known elsewhere. */
async function processState(pid: number): Promise<ProcessState> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "latin1");
    // The second field is the command in parentheses and may hold anything; the third is the state, the 22nd the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0] ?? "";
    return { started: `${boot.trim()}/${fields[19] ?? ""}`, ended: state === "Z" || state === "X" };
  } catch {
    return { started: null, ended: false };
  }
}
