import { RLMError } from "../../errors.ts";
import { brokenInvariant } from "../../invariant.ts";
import type { ActionNode, CallNode, ChainNode, RunNode } from "../node.ts";

/** Spines that may stand on each other: every look-up may pass through all of them. */
const MAX_DEPTH = 64;

/** Ascending positions in the log. */
type Positions = number[];

interface AgentIndex {
  /** Every node of the agent; the place in this list, plus that of the bases, is the node's `n`. */
  readonly all: Positions;
  /** The nodes of its chain: all but calls. */
  readonly chain: Positions;
  /** The first queries of its children. */
  readonly children: Positions;
}

/** How many of these ascending positions lie below the limit. */
function countBelow(positions: readonly number[], limit: number): number {
  let low = 0;
  let high = positions.length;
  // Most who ask see the whole log.
  if (high === 0 || (positions[high - 1] ?? 0) < limit) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((positions[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The growing list of nodes that the graphs of one line of history share, and its indices.
 * Owns: the nodes from `start` on; earlier nodes are in `base`.
 * Does not own: which prefix a graph sees. Every question takes a limit, the number of nodes seen.
 * 1. Nodes are added only at the end, and their positions never change.
 * 2. Every index lists ascending positions, so a prefix is found by bisection.
 * 3. A node is checked before it is added, and one that is refused changes nothing.
 * 4. At most MAX_DEPTH spines stand on each other; a fork beyond that copies the nodes instead.
 */
export class Spine {
  readonly start: number;
  /** So many nodes from the beginning were found to keep the laws of runs. */
  judged = 0;
  readonly #base: Spine | null;
  /** In an excerpt, the one agent whose log is whole; `null` when all of them are. */
  readonly #whole: string | null;
  readonly #depth: number;
  readonly #nodes: RunNode[] = [];
  readonly #byId = new Map<string, number>();
  readonly #agents = new Map<string, AgentIndex>();
  readonly #agentIds: string[] = [];
  readonly #firstPositions: Positions = [];
  readonly #calls = new Map<string, Positions>();

  constructor(
    base: Spine | null = null,
    start = 0,
    whole: string | null = base === null ? null : base.#whole,
  ) {
    if (start > (base?.length ?? 0)) throw brokenInvariant("a spine goes on from nodes that its base has");
    this.#base = base;
    this.#whole = whole;
    this.#depth = base === null ? 1 : base.#depth + 1;
    this.start = start;
  }

  /** A spine that goes on after the first `length` nodes of this one. */
  fork(length: number): Spine {
    if (this.#depth < MAX_DEPTH) return new Spine(this, length);
    const copy = new Spine(null, 0, this.#whole);
    for (let position = 0; position < length; position++) {
      const node = this.at(position);
      if (node !== undefined) copy.add(node);
    }
    return copy;
  }

  get length(): number {
    return this.start + this.#nodes.length;
  }

  at(position: number): RunNode | undefined {
    if (position >= this.start) return this.#nodes[position - this.start];
    return this.#base?.at(position);
  }

  position(id: string, limit: number): number | undefined {
    const own = this.#byId.get(id);
    if (own !== undefined) return own < limit ? own : undefined;
    return this.#base?.position(id, Math.min(limit, this.start));
  }

  count(agentId: string, list: keyof AgentIndex, limit: number): number {
    const own = this.#agents.get(agentId)?.[list];
    const before = this.#base?.count(agentId, list, Math.min(limit, this.start)) ?? 0;
    return before + (own === undefined ? 0 : countBelow(own, limit));
  }

  /** The node at this place of one of the agent's lists. */
  place(agentId: string, list: keyof AgentIndex, place: number): RunNode | undefined {
    const before = this.#base?.count(agentId, list, this.start) ?? 0;
    if (place < before) return this.#base?.place(agentId, list, place);
    const position = this.#agents.get(agentId)?.[list][place - before];
    return position === undefined ? undefined : this.at(position);
  }

  list(agentId: string, list: keyof AgentIndex, limit: number): RunNode[] {
    const nodes = this.#base?.list(agentId, list, Math.min(limit, this.start)) ?? [];
    return this.#collect(this.#agents.get(agentId)?.[list], limit, nodes);
  }

  calls(actionId: string, limit: number): RunNode[] {
    const nodes = this.#base?.calls(actionId, Math.min(limit, this.start)) ?? [];
    return this.#collect(this.#calls.get(actionId), limit, nodes);
  }

  agents(limit: number): string[] {
    const ids = this.#base?.agents(Math.min(limit, this.start)) ?? [];
    return ids.concat(this.#agentIds.slice(0, countBelow(this.#firstPositions, limit)));
  }

  agentCount(limit: number): number {
    const before = this.#base?.agentCount(Math.min(limit, this.start)) ?? 0;
    return before + countBelow(this.#firstPositions, limit);
  }

  add(node: RunNode): void {
    this.#check(node);
    const position = this.length;
    this.#nodes.push(node);
    this.#byId.set(node.id, position);
    const agent = this.#agentIndex(node.agentId, position);
    agent.all.push(position);
    if (node.type === "call") this.#indexCall(node.parentId ?? "", position);
    else agent.chain.push(position);
    if (node.type === "query" && node.parentId !== null && node.n === 0)
      this.#indexChild(node.parentId, position);
  }

  #collect(positions: readonly number[] | undefined, limit: number, into: RunNode[]): RunNode[] {
    for (const position of positions ?? []) {
      if (position >= limit) break;
      const node = this.at(position);
      if (node !== undefined) into.push(node);
    }
    return into;
  }

  #check(node: RunNode): void {
    const expected = this.#expectedN(node);
    if (node.n !== expected) {
      throw new RLMError(
        "lost_race",
        `Node ${node.id} has n = ${node.n}, but the log of agent ${node.agentId} goes on at ${expected}. Append to the newest graph of this branch.`,
      );
    }
    if (this.position(node.id, this.length) !== undefined) {
      throw new RLMError(
        "invalid_graph",
        `There is a node ${node.id} already; ids are unique within a branch.`,
      );
    }
    if (
      node.parentId !== null &&
      this.position(node.parentId, this.length) === undefined &&
      !this.#isOutside(node)
    ) {
      throw new RLMError(
        "invalid_graph",
        `Node ${node.id} names the parent ${node.parentId}, which has not happened before it.`,
      );
    }
  }

  /** In an excerpt, the logs of others have gaps. */
  #expectedN({ agentId, n }: RunNode): number {
    const count = this.count(agentId, "all", this.length);
    if (this.#whole === null || agentId === this.#whole) return count;
    const newest = count === 0 ? undefined : this.place(agentId, "all", count - 1);
    return Math.max(n, (newest?.n ?? -1) + 1);
  }

  /** True for a node whose parent an excerpt leaves out: the agent's own queries, and the ends of its children. */
  #isOutside({ agentId, type }: RunNode): boolean {
    return this.#whole !== null && (agentId === this.#whole) === (type === "query");
  }

  #agentIndex(agentId: string, position: number): AgentIndex {
    let agent = this.#agents.get(agentId);
    if (agent === undefined) {
      agent = { all: [], chain: [], children: [] };
      this.#agents.set(agentId, agent);
      const known = this.#base !== null && this.#base.count(agentId, "all", this.start) > 0;
      if (!known) {
        this.#agentIds.push(agentId);
        this.#firstPositions.push(position);
      }
    }
    return agent;
  }

  #indexCall(actionId: string, position: number): void {
    const calls = this.#calls.get(actionId);
    if (calls === undefined) this.#calls.set(actionId, [position]);
    else calls.push(position);
  }

  #indexChild(callId: string, position: number): void {
    const call = this.at(this.position(callId, this.length) ?? -1);
    if (call !== undefined) this.#agentIndex(call.agentId, position).children.push(position);
  }
}

/** The spine of a prefix. Only graph.ts asks: users hold graphs, and a graph does not show its spine. */
export let spineOf: (prefix: SpinePrefix) => Spine;

/** What the first nodes of a spine say: the questions that a graph answers by looking something up. */
export abstract class SpinePrefix {
  /** Number of nodes. */
  readonly length: number;
  readonly #spine: Spine;

  static {
    spineOf = (prefix) => prefix.#spine;
  }

  protected constructor(spine: Spine, length: number = spine.length) {
    if (length > spine.length) throw brokenInvariant("a graph sees only nodes that its spine has");
    this.#spine = spine;
    this.length = length;
  }

  /** The last node of the agent's chain. */
  head(agentId: string): ChainNode | undefined {
    const node = this.#spine.place(agentId, "chain", this.chainLength(agentId) - 1);
    return node === undefined || node.type === "call" ? undefined : node;
  }

  /** The agent's nodes without its calls, oldest first. */
  chain(agentId: string): readonly ChainNode[] {
    return this.#spine.list(agentId, "chain", this.length).filter((node) => node.type !== "call");
  }

  /** Number of nodes in the agent's chain: the place of its next one. */
  chainLength(agentId: string): number {
    return this.#spine.count(agentId, "chain", this.length);
  }

  /** The chain node at this place, counted from 0. */
  chainAt(agentId: string, place: number): ChainNode | undefined {
    if (place >= this.chainLength(agentId)) return undefined;
    const node = this.#spine.place(agentId, "chain", place);
    return node === undefined || node.type === "call" ? undefined : node;
  }

  /** The `n` that the agent's next node will have. */
  nextN(agentId: string): number {
    return this.#spine.count(agentId, "all", this.length);
  }

  /** Every node of the agent, calls included, by `n`. */
  log(agentId: string): readonly RunNode[] {
    return this.#spine.list(agentId, "all", this.length);
  }

  /** Ids of all agents in the order in which they came. */
  agents(): readonly string[] {
    return this.#spine.agents(this.length);
  }

  /** Number of agents. */
  get agentCount(): number {
    return this.#spine.agentCount(this.length);
  }

  /** Ids of the agent's children in the order in which they came. */
  children(agentId: string): readonly string[] {
    return this.#spine.list(agentId, "children", this.length).map((node) => node.agentId);
  }

  /** The calls of the block in this action in the order of their answers, intents left out. */
  calls(actionId: string): readonly CallNode[] {
    return this.#allCalls(actionId).filter((call) => call.intent !== true);
  }

  /** The notes of calls that were about to be made. */
  intents(actionId: string): readonly CallNode[] {
    return this.#allCalls(actionId).filter((call) => call.intent === true);
  }

  /** The node with this id, if it has happened in this prefix. */
  find(id: string): RunNode | undefined {
    const position = this.#spine.position(id, this.length);
    return position === undefined ? undefined : this.#spine.at(position);
  }

  /** The place of this node in the log, counted from 0, if it has happened in this prefix. */
  position(id: string): number | undefined {
    return this.#spine.position(id, this.length);
  }

  /** The action whose block the agent is in or was in last. */
  lastAction(agentId: string): ActionNode | undefined {
    for (let place = this.chainLength(agentId) - 1; place >= 0; place--) {
      const node = this.chainAt(agentId, place);
      if (node?.type === "action") return node;
    }
    return undefined;
  }

  /** Every node in the order of the log. */
  *walk(): Generator<RunNode, void, undefined> {
    for (let position = 0; position < this.length; position++) {
      const node = this.#spine.at(position);
      if (node !== undefined) yield node;
    }
  }

  /** The newest node. */
  last(): RunNode | undefined {
    return this.#spine.at(this.length - 1);
  }

  #allCalls(actionId: string): readonly CallNode[] {
    return this.#spine.calls(actionId, this.length).filter((node) => node.type === "call");
  }
}
