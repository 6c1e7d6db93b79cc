import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { failureCode } from "./file-failure.ts";
import { HIDDEN_NAME } from "./path-rules.ts";

/*
 * The names of files that are being written. They say which process writes them, in the form that a workspace uses for
 * its own files too: so whoever comes later can tell what a dead process has left.
 */

/** `.rlmflow-<pid>-<where the pid counts>-<chance>`: a hidden name, so one that code can neither see nor say. */
export function temporaryName(): string {
  return `${HIDDEN_NAME}-${process.pid}-${numberPlace()}-${randomBytes(9).toString("hex")}`;
}

/** Whether the name is that of a file which a process of this machine was writing when it died. */
export function isAbandoned(name: string): boolean {
  const [, pid, place] = /^\.rlmflow-(\d+)-([0-9a-f]{8})-[0-9a-f]{18}$/.exec(name) ?? [];
  if (pid === undefined || place !== numberPlace()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return failureCode(error) === "ESRCH";
  }
}

let place: string | undefined;

/** The boot and the PID namespace in which this process has its number, in eight digits. */
function numberPlace(): string {
  place ??= crc32(placeText()).toString(16).padStart(8, "0");
  return place;
}

function placeText(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1")} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // Systems other than Linux have neither.
    return hostname();
  }
}
