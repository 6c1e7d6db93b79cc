import type { Glyphs } from "@rlmflow/render";
import type { BranchSummary } from "@rlmflow/workspace";

/** A branch and the beginning of its line in a drawing of who was forked from whom. */
export interface LineageRow {
  readonly branch: BranchSummary;
  readonly prefix: string;
}

/** The branches of a run as a tree, forks below what they were forked from in order of their making. */
export function lineage(
  branches: readonly BranchSummary[],
  { branch: fork, lastBranch, pass, space }: Glyphs,
): readonly LineageRow[] {
  const ids = new Set(branches.map(({ id }) => id));
  const byAge = branches.toSorted((a, b) => a.createdAt - b.createdAt);
  const below = Map.groupBy(byAge, ({ parent }) =>
    parent !== null && ids.has(parent.branch) ? parent.branch : null,
  );
  const rows: LineageRow[] = [];
  const pending = (below.get(null) ?? []).toReversed().map((branch) => ({ branch, prefix: "", indent: "" }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { branch, prefix, indent } = next;
    rows.push({ branch, prefix });
    const forks = (below.get(branch.id) ?? []).toReversed();
    for (const [place, forked] of forks.entries()) {
      const isLast = place === 0;
      const own = `${indent}${isLast ? lastBranch : fork}`;
      pending.push({ branch: forked, prefix: own, indent: `${indent}${isLast ? space : pass}` });
    }
  }
  return rows;
}
