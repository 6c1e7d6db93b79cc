import { FLAGS, NODE_TYPES } from "../skeleton/node-columns.ts";
import { countBelow } from "../skeleton/positions.ts";
import type { Skeleton } from "../skeleton/skeleton.ts";
import { type AgentActivity, activityAt, type RunAtStep } from "./run-at-step.ts";

/** One child that a block waits for. */
export interface AwaitedChild {
  /** Index of the child. */
  readonly agent: number;
  /** Position of the node that ended the query which is awaited; `null` while it has not ended. */
  readonly settled: number | null;
}

/** A wait and what became of it. */
export interface WaitOutcome {
  /** Position of the supervising node from which the block waits. */
  readonly position: number;
  /** Index of the agent that waits. */
  readonly agent: number;
  readonly children: readonly AwaitedChild[];
  /** Position of the node with which the waiting agent's chain went on; `null` while it has not. */
  readonly over: number | null;
}

/** Why an agent does not go on. */
export interface Blockage {
  /** Indices of the children that it waits for and that have not ended. */
  readonly unsettled: readonly number[];
  /** From the first of these that holds everything up down to an agent that waits for no child. */
  readonly path: readonly number[];
  /** What the last agent of the path does. */
  readonly activity: AgentActivity;
  /** Epoch milliseconds since when it does that. */
  readonly since: number;
}

/** Positions, ascending, of the nodes of one agent: of its queries, its ends, its actions, and its chain without spoken edits. */
interface AgentPositions {
  readonly queries: number[];
  readonly ends: number[];
  readonly actions: number[];
  readonly chain: number[];
  readonly waits: WaitOutcome[];
}

const [CALL, QUERY, ACTION] = (["call", "query", "action"] as const).map((name) => NODE_TYPES.indexOf(name));

/**
 * Who waited for whom in a run, and until when.
 *
 * Owns: an index of the skeleton as it was when this was made. Does not own: the skeleton.
 */
export class RunWaits {
  /** The waits in the order in which they began. */
  readonly outcomes: readonly WaitOutcome[];
  readonly #skeleton: Skeleton;
  readonly #agents: readonly AgentPositions[];

  constructor(skeleton: Skeleton) {
    this.#skeleton = skeleton;
    this.#agents = positionsOf(skeleton);
    const { agent } = skeleton.columns;
    this.outcomes = skeleton.waits.map(({ position, agents }) => {
      const waiting = agent[position] ?? 0;
      const children = [...new Set(agents)].map((child) => ({
        agent: child,
        settled: this.#settledAt(child, position),
      }));
      const over = firstAfter(this.chain(waiting), position);
      const outcome = Object.freeze({ position, agent: waiting, children, over });
      this.#agents[waiting]?.waits.push(outcome);
      return outcome;
    });
  }

  /** Positions of the agent's chain in ascending order, without what a person spoke into it. */
  chain(agent: number): readonly number[] {
    return this.#agents[agent]?.chain ?? [];
  }

  /** Why this agent does not go on in a state of the run; `null` when it waits for no child. */
  blockageAt(state: RunAtStep, agent: number): Blockage | null {
    const unsettled = this.#unsettledAt(state, agent);
    if (unsettled.length === 0) return null;
    const path: number[] = [];
    const seen = new Set([agent]);
    for (let next = slowestOf(unsettled); next !== undefined && !seen.has(next); ) {
      seen.add(next);
      path.push(next);
      next = slowestOf(this.#unsettledAt(state, next));
    }
    const last = path.at(-1) ?? agent;
    const since = this.#skeleton.endedAt(state.heads[last] ?? -1);
    const activity = activityAt(state, this.#skeleton, last);
    return { unsettled: unsettled.map((child) => child.agent), path, activity, since };
  }

  /** The children that hold up an agent's block, in the order of their indices. */
  #unsettledAt(state: RunAtStep, agent: number): readonly AwaitedChild[] {
    const positions = this.#agents[agent];
    if (positions === undefined || activityAt(state, this.#skeleton, agent) !== "waiting") return [];
    const head = state.heads[agent] ?? -1;
    const begun = lastBefore(positions.actions, head) ?? -1;
    const open = new Map<number, AwaitedChild>();
    for (const wait of positions.waits) {
      if (wait.position <= begun || wait.position > head) continue;
      for (const child of wait.children)
        if (child.settled === null || child.settled >= state.step) open.set(child.agent, child);
    }
    return [...open.values()].toSorted((a, b) => a.agent - b.agent);
  }

  /** The first end of the query that the child had when it was waited for. */
  #settledAt(child: number, waited: number): number | null {
    const { queries = [], ends = [] } = this.#agents[child] ?? {};
    const asked = lastBefore(queries, waited);
    return asked === null ? null : firstAfter(ends, asked);
  }
}

/** The child that ends last in the record; of those that never end the one that came first. */
function slowestOf(children: readonly AwaitedChild[]): number | undefined {
  let slowest: AwaitedChild | undefined;
  const endOf = ({ settled }: AwaitedChild) => settled ?? Number.POSITIVE_INFINITY;
  for (const child of children) if (slowest === undefined || endOf(child) > endOf(slowest)) slowest = child;
  return slowest?.agent;
}

function positionsOf(skeleton: Skeleton): readonly AgentPositions[] {
  const { agent, type, flags } = skeleton.columns;
  const agents = skeleton.agents.map(
    (): AgentPositions => ({ queries: [], ends: [], actions: [], chain: [], waits: [] }),
  );
  for (let position = 0; position < skeleton.length; position++) {
    const positions = agents[agent[position] ?? -1];
    if (positions === undefined || type[position] === CALL) continue;
    if (((flags[position] ?? 0) & FLAGS.spoken) === 0) positions.chain.push(position);
    if (type[position] === QUERY) positions.queries.push(position);
    if (type[position] === ACTION) positions.actions.push(position);
    if (((flags[position] ?? 0) & FLAGS.end) !== 0) positions.ends.push(position);
  }
  return agents;
}

function firstAfter(positions: readonly number[], position: number): number | null {
  return positions[countBelow(positions, position + 1)] ?? null;
}

function lastBefore(positions: readonly number[], position: number): number | null {
  return positions[countBelow(positions, position) - 1] ?? null;
}
