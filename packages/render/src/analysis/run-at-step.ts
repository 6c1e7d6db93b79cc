import { FLAGS, NODE_TYPES } from "../skeleton/node-columns.ts";
import type { Skeleton } from "../skeleton/skeleton.ts";

/** What an agent does at a step: `absent` before its first node, then waiting for its model, running code, waiting for children. */
export type AgentActivity = "absent" | "model" | "code" | "waiting" | "done" | "failed";

/** The name of a sum. */
export type SumName =
  | "nodes"
  | "replies"
  | "errors"
  | "input"
  | "cached"
  | "output"
  | "cost"
  | "unknownTokens"
  | "unknownCost"
  | "codeMs";

/** What is added up, of an agent alone or of it and everything below. Unknown amounts count as nothing, and are counted. */
export const SUMMED: readonly SumName[] = Object.freeze([
  "nodes",
  "replies",
  "errors",
  "input",
  "cached",
  "output",
  "cost",
  "unknownTokens",
  "unknownCost",
  "codeMs",
]);

/** A sum of each name for each agent, by its index. */
export type Sums = { readonly [K in SumName]: Float64Array };

/** A run as it stood after its first nodes. */
export interface RunAtStep {
  /** Number of nodes. */
  readonly step: number;
  /** What each agent itself consumed. */
  readonly own: Sums;
  /** What each agent and everything below it consumed. */
  readonly total: Sums;
  /** Position of the node at which each agent stands: the newest of its chain that is not a spoken edit, -1 before its first. */
  readonly heads: Int32Array;
}

/** Nodes between two states that are kept, at least: what lies between is added up again. */
const LEAST_BETWEEN = 4096;

const [CALL, ACTION, ERROR] = (["call", "action", "error"] as const).map((type) => NODE_TYPES.indexOf(type));

interface State {
  /** Number of nodes. */
  readonly step: number;
  readonly own: Sums;
  readonly heads: Int32Array;
}

/**
 * The sums and states of a run at any step, for a scrubber. A state is kept every 4,096 nodes, or as many as there are agents
 * if these are more: so any step costs at most that many nodes and one pass over the agents, and all states together take
 * room in proportion to the nodes.
 *
 * Owns: the states that are kept. Does not own: the skeleton, which may grow.
 */
export class RunAtSteps {
  readonly #skeleton: Skeleton;
  readonly #kept: State[] = [];

  constructor(skeleton: Skeleton) {
    this.#skeleton = skeleton;
  }

  /** The run after its first `step` nodes, by default all of them. */
  at(step: number = this.#skeleton.length): RunAtStep {
    const end = Math.max(0, Math.min(step, this.#skeleton.length));
    const { own, heads } = this.#stateAt(end);
    return { step: end, own, total: totalOf(own, this.#skeleton), heads };
  }

  #stateAt(end: number): State {
    const between = Math.max(LEAST_BETWEEN, this.#skeleton.agents.length);
    let newest = this.#kept.at(-1) ?? emptyState(0);
    while (newest.step + between <= end) {
      newest = advanced(this.#skeleton, newest, newest.step + between);
      this.#kept.push(newest);
    }
    const from = this.#kept.findLast(({ step }) => step <= end) ?? emptyState(0);
    return advanced(this.#skeleton, from, end);
  }
}

/** What the agent does in this state of the run. */
export function activityAt(
  { heads }: Pick<RunAtStep, "heads">,
  skeleton: Skeleton,
  agent: number,
): AgentActivity {
  const head = heads[agent] ?? -1;
  if (head < 0) return "absent";
  const { type, flags } = skeleton.columns;
  const isEnd = ((flags[head] ?? 0) & FLAGS.end) !== 0;
  switch (NODE_TYPES[type[head] ?? -1]) {
    case "result":
      return "done";
    case "error":
      return isEnd ? "failed" : "model";
    case "action":
      return "code";
    case "supervising":
      return "waiting";
    default:
      return "model";
  }
}

function emptySums(agents: number): Sums {
  return Object.fromEntries(SUMMED.map((name) => [name, new Float64Array(agents)])) as unknown as Sums;
}

function emptyState(agents: number, step = 0): State {
  return { step, own: emptySums(agents), heads: new Int32Array(agents).fill(-1) };
}

/** A copy for another step, with room for the agents that there are now. */
function copyOf({ own, heads }: State, agents: number, step: number): State {
  const copy = emptyState(agents, step);
  for (const name of SUMMED) copy.own[name].set(own[name]);
  copy.heads.set(heads);
  return copy;
}

function advanced(skeleton: Skeleton, from: State, end: number): State {
  const state = copyOf(from, skeleton.agents.length, end);
  const { own, heads } = state;
  const { agent, type, input, cached, output, cost, codeMs, flags } = skeleton.columns;
  for (let position = from.step; position < end; position++) {
    const at = agent[position] ?? 0;
    const flag = flags[position] ?? 0;
    own.nodes[at] = (own.nodes[at] ?? 0) + 1;
    own.input[at] = (own.input[at] ?? 0) + (input[position] ?? 0);
    own.cached[at] = (own.cached[at] ?? 0) + (cached[position] ?? 0);
    own.output[at] = (own.output[at] ?? 0) + (output[position] ?? 0);
    own.cost[at] = (own.cost[at] ?? 0) + (cost[position] ?? 0);
    own.codeMs[at] = (own.codeMs[at] ?? 0) + (codeMs[position] ?? 0);
    if (type[position] === ACTION) own.replies[at] = (own.replies[at] ?? 0) + 1;
    if (type[position] === ERROR) own.errors[at] = (own.errors[at] ?? 0) + 1;
    if ((flag & FLAGS.unknownTokens) !== 0) own.unknownTokens[at] = (own.unknownTokens[at] ?? 0) + 1;
    if ((flag & FLAGS.unknownCost) !== 0) own.unknownCost[at] = (own.unknownCost[at] ?? 0) + 1;
    if (type[position] !== CALL && (flag & FLAGS.spoken) === 0) heads[at] = position;
  }
  return state;
}

/** An agent comes after the one that delegated to it, so one pass from the last to the first adds everything up. */
function totalOf(own: Sums, skeleton: Skeleton): Sums {
  const total = emptySums(skeleton.agents.length);
  for (const name of SUMMED) total[name].set(own[name]);
  for (let index = skeleton.agents.length - 1; index > 0; index--) {
    const parent = skeleton.agents[index]?.parent ?? null;
    if (parent === null) continue;
    for (const name of SUMMED) total[name][parent] = (total[name][parent] ?? 0) + (total[name][index] ?? 0);
  }
  return total;
}
