import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { isJsonObject } from "../data/json.ts";

/** Where a process id means something; `null` on systems that do not say. */
export interface ProcessSpace {
  /** The boot of the kernel. */
  readonly boot: string | null;
  /** The PID namespace. */
  readonly namespace: string | null;
}

/** Which process of which host something belongs to. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in the system's own words; `null` where the system does not say. Tells apart pids used twice. */
  readonly started: string | null;
  /** Absent from what a version wrote that did not record it. */
  readonly kernel?: ProcessSpace;
}

/** The state of a process; whether one that is `elsewhere` runs can't be checked from here. */
export type Whereabouts = "running" | "gone" | "elsewhere";

/** The initial PID namespace, in which the host name identifies the machine and a reboot ends every process. */
const INITIAL_NAMESPACE = "pid:[4026531836]";

/** This process. */
export function ownIdentity(): ProcessIdentity {
  startOfThis ??= stateOf(process.pid).started;
  return { host: hostname(), pid: process.pid, started: startOfThis, kernel: ownSpace() };
}

/** The identity in a JSON value that may hold more; `null` when there is none in it. */
export function decodeIdentity(value: unknown): ProcessIdentity | null {
  if (!isJsonObject(value)) return null;
  const { host, pid, started, kernel } = value;
  if (typeof host !== "string" || typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0)
    return null;
  if (started !== null && typeof started !== "string") return null;
  const identity = { host, pid, started };
  if (!isJsonObject(kernel)) return identity;
  return { ...identity, kernel: { boot: textOrNull(kernel.boot), namespace: textOrNull(kernel.namespace) } };
}

/** Whether a process runs. */
export function whereabouts(identity: ProcessIdentity): Whereabouts {
  const { kernel, host } = identity;
  const own = ownSpace();
  if (host !== hostname()) return "elsewhere";
  if (isOwnBoot(kernel) && own.namespace !== null)
    return kernel?.namespace === own.namespace ? byNumber(identity) : "elsewhere";
  // The identity comes from a version that did not record the kernel, or the system has no such names.
  if (kernel === undefined || (kernel.boot === null && own.boot === null)) return byNumber(identity);
  const isRebooted =
    kernel.boot !== null &&
    own.boot !== null &&
    kernel.namespace === INITIAL_NAMESPACE &&
    own.namespace === INITIAL_NAMESPACE;
  return isRebooted ? "gone" : "elsewhere";
}

/** The boot and the PID namespace of this process, which never change. */
export function ownSpace(): ProcessSpace {
  spaceOfThis ??= {
    boot: readOrNull(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    namespace: readOrNull(() => readlinkSync("/proc/self/ns/pid")),
  };
  return spaceOfThis;
}

/** Whether it is the space of this process, as far as the system says. */
export function isOwnSpace(kernel: ProcessSpace | undefined): boolean {
  const { boot, namespace } = ownSpace();
  return kernel !== undefined && kernel.boot === boot && kernel.namespace === namespace;
}

/** Whether it is known to be the boot of this process. */
export function isOwnBoot(kernel: ProcessSpace | undefined): boolean {
  return kernel !== undefined && kernel.boot !== null && kernel.boot === ownSpace().boot;
}

let startOfThis: string | null | undefined;
let spaceOfThis: ProcessSpace | undefined;

/** Whether a process of this space runs. */
function byNumber({ pid, started: before }: ProcessIdentity): "running" | "gone" {
  if (!answersSignals(pid)) return "gone";
  const { started, ended } = stateOf(pid);
  const isAnother = started !== null && before !== null && started !== before;
  return ended || isAnother ? "gone" : "running";
}

/** False only where there is no such process in this space. */
export function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

interface ProcessState {
  readonly started: string | null;
  /** True for a process that has died and that nobody has waited for yet. */
  readonly ended: boolean;
}

/** The boot and the tick in it at which a process started, as Linux tells; nothing is known elsewhere. */
function stateOf(pid: number): ProcessState {
  // A `/proc` of another namespace has other numbers.
  const isOurs = readOrNull(() => readlinkSync("/proc/self")) === String(process.pid);
  const stat = isOurs || pid === process.pid ? readOrNull(() => readFileSync(statOf(pid), "latin1")) : null;
  if (stat === null) return { started: null, ended: false };
  // The second field is the command in parentheses and may hold anything; the third is the state, the 22nd the start.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0] ?? "";
  return { started: `${ownSpace().boot ?? ""}/${fields[19] ?? ""}`, ended: state === "Z" || state === "X" };
}

function statOf(pid: number): string {
  return `/proc/${pid === process.pid ? "self" : pid}/stat`;
}

function readOrNull(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** A mark of this process for the names of files: `<pid>-<eight digits that stand for its space>`. */
export function processMark(): string {
  return `${process.pid}-${spaceDigits()}`;
}

/** Whether the process of a mark runs; `elsewhere` also for what is no mark. */
export function markWhereabouts(mark: string): Whereabouts {
  const [, pid, digits] = /^(\d+)-([0-9a-f]{8})$/.exec(mark) ?? [];
  if (pid === undefined || digits !== spaceDigits()) return "elsewhere";
  return answersSignals(Number(pid)) ? "running" : "gone";
}

let digitsOfThis: string | undefined;

function spaceDigits(): string {
  const { boot, namespace } = ownSpace();
  // Systems other than Linux have neither.
  const text = boot === null || namespace === null ? hostname() : `${boot}\n ${namespace}`;
  digitsOfThis ??= crc32(text).toString(16).padStart(8, "0");
  return digitsOfThis;
}
