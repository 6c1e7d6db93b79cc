import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Ids of the live children of this process. */
export function childrenOf(pid: number = process.pid): readonly number[] {
  const listed = readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8"),
  );
  return listed.join(" ").split(" ").filter(Boolean).map(Number).filter(isAlive);
}

/** True while the operating system knows the process as anything but a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Resolves to whether the condition came true within the time. */
export async function comesTrue(condition: () => boolean, ms = 10_000): Promise<boolean> {
  const end = performance.now() + ms;
  while (!condition() && performance.now() < end) await sleep(20);
  return condition();
}
