import { type FileState, isSameState } from "./file-state.ts";
import type { WriteEntry } from "./write-log.ts";

/** What becomes of one file that tools have written. */
export interface FilePlan {
  readonly path: string;
  /** What the file has to be, or `present` when it is that already. */
  readonly state: FileState | "present";
  /** The writes that a fork takes over, each with what the file was to it. */
  readonly kept: readonly WriteEntry[];
  /** True when a write that is kept came after one that is dropped: what the dropped one wrote may be in the file. */
  readonly entangled: boolean;
  /** True when somebody changed the file between two writes, or after the last one. */
  readonly changedOutside: boolean;
}

/**
 * What each file written by tools has to be, so that it is as it was for the writes that are kept: as the last of
 * them left it. `present` says what stands in the file now. Every path once, in the order of their first writes.
 */
export async function planFiles(
  entries: readonly WriteEntry[],
  isKept: (entry: WriteEntry) => boolean,
  present: (path: string) => Promise<FileState>,
): Promise<readonly FilePlan[]> {
  const byPath = Map.groupBy(entries, ({ path }) => path);
  const plans: FilePlan[] = [];
  for (const [path, writes] of byPath) plans.push(planFile(path, writes, isKept, await present(path)));
  return plans;
}

function planFile(
  path: string,
  writes: readonly WriteEntry[],
  isKept: (entry: WriteEntry) => boolean,
  present: FileState,
): FilePlan {
  /** What the file was behind the write at this place. */
  const behind = (place: number): FileState => {
    const following = writes[place + 1];
    return following === undefined ? present : following.before;
  };
  const kept: WriteEntry[] = [];
  let state: FileState = writes[0]?.before ?? null;
  let last = -1;
  let changedOutside = false;
  for (const [place, entry] of writes.entries()) {
    const became = behind(place);
    // A write that was noted and not made leaves the file as it was.
    if (!isSameState(became, entry.after) && !isSameState(became, entry.before)) changedOutside = true;
    if (!isKept(entry)) continue;
    kept.push({ ...entry, before: state });
    state = became;
    last = place;
  }
  const entangled = writes.slice(0, last).some((entry) => !isKept(entry));
  return { path, state: last === writes.length - 1 ? "present" : state, kept, entangled, changedOutside };
}
