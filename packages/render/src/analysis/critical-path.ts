import { NODE_TYPES } from "../skeleton/node-columns.ts";
import { countBelow } from "../skeleton/positions.ts";
import type { Skeleton } from "../skeleton/skeleton.ts";
import type { RunWaits, WaitOutcome } from "./waits.ts";

/** A stretch of time in which one agent held up the whole run. Times are epoch milliseconds. */
export interface PathSpan {
  /** Index of the agent. */
  readonly agent: number;
  /** Position of the node with which the stretch ended. */
  readonly position: number;
  /** Whether the model was asked, or code ran and called the host. */
  readonly kind: "model" | "code";
  readonly from: number;
  readonly to: number;
}

const ACTION = NODE_TYPES.indexOf("action");
const SUPERVISING = NODE_TYPES.indexOf("supervising");

/**
 * What the run's end waited for, from its first node to the end of the root, oldest first: while an agent waits for children,
 * the one of them that ended last. Stretches follow each other without overlapping; of a run that has not ended, up to the
 * root's newest node.
 */
export function criticalPath(skeleton: Skeleton, waits: RunWaits): readonly PathSpan[] {
  const outcomes = new Map(waits.outcomes.map((outcome) => [outcome.position, outcome]));
  const last = waits.chain(0).at(-1);
  if (last === undefined) return [];
  const spans: PathSpan[] = [];
  const pending: Stretch[] = [
    { position: last, until: Number.POSITIVE_INFINITY, notBefore: Number.NEGATIVE_INFINITY },
  ];
  // Backwards: each entry is the end of a piece of one agent's chain, down to the time at which somebody else was waited for.
  for (let next = pending.pop(); next !== undefined; next = pending.pop())
    pending.push(...stepBack({ skeleton, waits, outcomes, spans }, next));
  return spans.reverse();
}

/** The end of a piece of a chain, and the times between which it is on the path. */
interface Stretch {
  readonly position: number;
  readonly until: number;
  readonly notBefore: number;
}

interface Walk {
  readonly skeleton: Skeleton;
  readonly waits: RunWaits;
  readonly outcomes: ReadonlyMap<number, WaitOutcome>;
  readonly spans: PathSpan[];
}

/** Adds the stretch that ends with this node, and gives what comes before it: last what is to be looked at first. */
function stepBack(walk: Walk, { position, until, notBefore }: Stretch): readonly Stretch[] {
  const { columns } = walk.skeleton;
  const index = columns.agent[position] ?? 0;
  const chain = walk.waits.chain(index);
  const before = chain[countBelow(chain, position) - 1];
  const to = Math.min(walk.skeleton.endedAt(position), until);
  const from = Math.max(
    before === undefined ? (columns.startedAt[position] ?? 0) : walk.skeleton.endedAt(before),
    notBefore,
  );
  const earlier = before === undefined ? [] : [{ position: before, until: from, notBefore }];
  const kind = columns.type[position] === ACTION ? "model" : "code";
  const isWaiting = before !== undefined && columns.type[before] === SUPERVISING;
  const child = isWaiting ? lastSettled(walk, chain, before, position) : null;
  const settled = child === null ? from : Math.min(walk.skeleton.endedAt(child), to);
  const begun = Math.max(settled, from);
  if (to > begun) walk.spans.push({ agent: index, position, kind, from: begun, to });
  if (!isWaiting && to <= notBefore) return [];
  return child !== null && settled > from
    ? [...earlier, { position: child, until: settled, notBefore: from }]
    : earlier;
}

/** Position of the end, before `position`, of the child that was waited for longest since the block began to wait. */
function lastSettled(walk: Walk, chain: readonly number[], waiting: number, position: number): number | null {
  let latest: number | null = null;
  for (let place = countBelow(chain, waiting); place >= 0; place--) {
    const at = chain[place] ?? 0;
    if (walk.skeleton.columns.type[at] !== SUPERVISING) break;
    for (const { settled } of walk.outcomes.get(at)?.children ?? [])
      if (settled !== null && settled < position && settled > waiting && settled > (latest ?? -1))
        latest = settled;
  }
  return latest;
}
