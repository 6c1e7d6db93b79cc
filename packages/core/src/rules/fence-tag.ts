import type { Kernel } from "../protocols/kernel.ts";

/** The first word of an info string as a tag: `{.repl}`, `repl title=x` and `Repl` all give `repl`. */
export function fenceTag(info: string): string {
  return (/^\{?[ \t]*\.?([^\s{},;:=]*)/.exec(info)?.[1] ?? "").toLowerCase();
}

/** True when a fence with this info string holds code of the kernel's language. */
export function isOurs(info: string, kernel: Pick<Kernel, "fences">): boolean {
  return kernel.fences.includes(fenceTag(info));
}

/** True when the info string has the tag that wins over the kernel's others. */
export function isPreferred(info: string, kernel: Pick<Kernel, "fences">): boolean {
  return fenceTag(info) === kernel.fences[0];
}
