import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { isJsonObject } from "@rlmflow/core";
import { systemCode } from "../disk/file-failure.ts";
import { knock } from "./lock-socket.ts";

/** Which process of which host holds something. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in the system's own words; `null` where the system does not say. Tells apart pids used twice. */
  readonly started: string | null;
  /** Drawn for each holding. */
  readonly nonce: string;
  /** The boot of its kernel and the namespace of its pid; `null` on systems without them. */
  readonly kernel?: { readonly boot: string | null; readonly namespace: string | null };
  /** The name of its socket in the directory that it holds; absent if it could not make one. */
  readonly socket?: string;
}

/** This process, under a nonce. */
export async function ownIdentity(nonce: string): Promise<ProcessIdentity> {
  startOfThis ??= processState("self").then(({ started }) => started);
  const started = await startOfThis;
  return { host: hostname(), pid: process.pid, started, nonce, kernel: await ownKernel() };
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
  const { host, pid, started, nonce, kernel, socket } = value;
  if (typeof host !== "string" || !isNonce(nonce)) return null;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return null;
  if (started !== null && typeof started !== "string") return null;
  const identity = { host, pid, started, nonce, ...(socket === `socket.${nonce}` && { socket }) };
  if (!isJsonObject(kernel)) return identity;
  const { boot, namespace } = kernel;
  return { ...identity, kernel: { boot: textOrNull(boot), namespace: textOrNull(namespace) } };
}

function isNonce(value: unknown): value is string {
  return typeof value === "string" && /^[\w-]{1,64}$/.test(value);
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The state of a process; whether one that is `elsewhere` runs can't be checked from here. */
export type Whereabouts = "running" | "gone" | "elsewhere";

/** The initial PID namespace, in which the host name identifies the machine and a reboot ends every process. */
const INITIAL_NAMESPACE = "pid:[4026531836]";

/** Whether the process that holds this directory still runs. */
export async function whereabouts(identity: ProcessIdentity, directory?: string): Promise<Whereabouts> {
  const { kernel, socket, host } = identity;
  const own = await ownKernel();
  const isSameBoot = kernel !== undefined && kernel.boot !== null && kernel.boot === own.boot;
  if (socket !== undefined && directory !== undefined) {
    const answer = await knock(directory, socket);
    if (answer === "answered") return "running";
    if (answer === "refused" && isSameBoot) return "gone";
  }
  if (host !== hostname()) return "elsewhere";
  if (isSameBoot && own.namespace !== null)
    return kernel.namespace === own.namespace ? await byNumber(identity) : "elsewhere";
  // The identity comes from a version that did not record the kernel, or the system has no such names.
  if (kernel === undefined || (kernel.boot === null && own.boot === null)) return await byNumber(identity);
  const isRebooted =
    kernel.boot !== null &&
    own.boot !== null &&
    kernel.namespace === INITIAL_NAMESPACE &&
    own.namespace === INITIAL_NAMESPACE;
  return isRebooted ? "gone" : "elsewhere";
}

/** Whether a process of this PID namespace runs. */
async function byNumber({ pid, started: before }: ProcessIdentity): Promise<"running" | "gone"> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return "gone";
  }
  const { started, ended } = await processState(pid);
  const another = started !== null && before !== null && started !== before;
  return ended || another ? "gone" : "running";
}

interface ProcessState {
  readonly started: string | null;
  /** True for a process that has died and that nobody has waited for yet. */
  readonly ended: boolean;
}

/** The boot and the tick in it at which a process started, as Linux tells; nothing is known elsewhere. */
async function processState(pid: number | "self"): Promise<ProcessState> {
  try {
    // A `/proc` of another namespace has other numbers.
    if (pid !== "self" && (await readlink("/proc/self")) !== String(process.pid))
      return { started: null, ended: false };
    const stat = await readFile(`/proc/${pid}/stat`, "latin1");
    const { boot } = await ownKernel();
    // The second field is the command in parentheses and may hold anything; the third is the state, the 22nd the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0] ?? "";
    return { started: `${boot ?? ""}/${fields[19] ?? ""}`, ended: state === "Z" || state === "X" };
  } catch {
    return { started: null, ended: false };
  }
}

let startOfThis: Promise<string | null> | undefined;
let kernelOfThis: Promise<NonNullable<ProcessIdentity["kernel"]>> | undefined;

/** The boot and the namespace of this process, which never change. */
function ownKernel(): Promise<NonNullable<ProcessIdentity["kernel"]>> {
  kernelOfThis ??= Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "latin1").then((boot) => boot.trim(), nothing),
    readlink("/proc/self/ns/pid").catch(nothing),
  ]).then(([boot, namespace]) => ({ boot, namespace }));
  return kernelOfThis;
}

/** For systems without such a file. */
function nothing(): null {
  return null;
}
