import { resolve, sep } from "node:path";

/** Which run and branch of a workspace; `null` for the newest and for `main`, or for those that the path names. */
export interface WhichRun {
  readonly run: string | null;
  readonly branch: string | null;
}

/** A workspace and, as far as they are named, a run and branch of it. */
export interface BranchPlace {
  readonly workspace: string;
  readonly run: string | undefined;
  readonly branch: string | undefined;
}

const HIDDEN = ".rlmflow";

/** What the parts of an absolute path inside `.rlmflow` name; `null` for any other path. */
export function placeOf(path: string): ({ readonly workspace: string } & WhichRun) | null {
  const parts = path.split(sep);
  const at = parts.lastIndexOf(HIDDEN);
  if (at < 0) return null;
  const [runs, run = null, branches, branch = null] = parts.slice(at + 1);
  return {
    workspace: parts.slice(0, at).join(sep) || sep,
    run: runs === "runs" ? run : null,
    branch: runs === "runs" && branches === "branches" ? branch : null,
  };
}

/** The branch that a path and the options name. */
export function branchPlace(
  path: string,
  flags: { readonly run?: string; readonly branch?: string },
): BranchPlace {
  const place = placeOf(resolve(path));
  return {
    workspace: place?.workspace ?? path,
    run: flags.run ?? place?.run ?? undefined,
    branch: flags.branch ?? place?.branch ?? undefined,
  };
}
