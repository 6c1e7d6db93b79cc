import { randomBytes } from "node:crypto";
import { markWhereabouts, processMark } from "@rlmflow/core/processes";
import { HIDDEN_NAME } from "./path-rules.ts";

/*
 * The names of files that are being written. They say which process writes them, in the form that a workspace uses for
 * its own files too: so whoever comes later can tell what a dead process has left.
 */

/** `.rlmflow-<pid>-<where the pid counts>-<chance>`: a hidden name, so one that code can neither see nor say. */
export function temporaryName(): string {
  return `${HIDDEN_NAME}-${processMark()}-${randomBytes(9).toString("hex")}`;
}

/** Whether the name is that of a file which a process of this machine was writing when it died. */
export function isAbandoned(name: string): boolean {
  const [, mark = ""] = /^\.rlmflow-(\d+-[0-9a-f]{8})-[0-9a-f]{18}$/.exec(name) ?? [];
  return markWhereabouts(mark) === "gone";
}
