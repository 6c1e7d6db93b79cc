import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { answersSignals, ownSpace, type Whereabouts } from "./process-identity.ts";

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
