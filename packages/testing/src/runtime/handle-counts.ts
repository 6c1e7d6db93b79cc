import { readdirSync, readFileSync } from "node:fs";

/** Kinds of things that may keep this process alive, and its child processes, each as often as it is there. */
export function handleCounts(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    // What is over in a moment by itself.
    if (["Immediate", "TickObject", "FSReqCallback", "FSReqPromise"].includes(kind)) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const children = childProcesses();
  return children === 0 ? counts : counts.set("child process", children);
}

/** What there is more of now than before, as words; empty when nothing is. */
export function moreHandles(
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
  slack = 0,
): readonly string[] {
  return [...now].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0);
    return more > slack ? [`${more} ${kind}`] : [];
  });
}

/** Also those that nobody holds a handle of. Zero where there is no /proc. */
function childProcesses(): number {
  try {
    const tasks = readdirSync("/proc/self/task");
    const listed = tasks.map((task) => readFileSync(`/proc/self/task/${task}/children`, "utf8").trim());
    return listed.flatMap((line) => line.split(" ")).filter(Boolean).length;
  } catch {
    return 0;
  }
}
