import { type Graph, RLMError, type RunNode } from "@rlmflow/core";
import { nodeUsage } from "@rlmflow/core/store";
import { writtenOutput } from "../graph/written-output.ts";
import { FLAGS, grown, makeColumns, NODE_TYPES, NONE, type NodeColumns, partOf } from "./node-columns.ts";
import { nodeTitle } from "./node-title.ts";

/** An agent in the table of a skeleton. Agents have the order of their first nodes. */
export interface SkeletonAgent {
  readonly id: string;
  /** Index of the agent that delegated to it; `null` for the root. */
  readonly parent: number | null;
  readonly depth: number;
  /** Position of its first node. */
  readonly first: number;
  /** The beginning of its first query. */
  readonly query: string;
}

/** A wait of a block: from the node at `position` on, for the agents with these indices. */
export interface SkeletonWait {
  readonly position: number;
  readonly agents: readonly number[];
}

/** An error at `position` that undid the block of the action at `action`. */
export interface SkeletonDrop {
  readonly position: number;
  readonly action: number;
}

const FIRST_ROOM = 1024;
const MOST_UINT32 = 0xffffffff;
const NO_MODEL = 255;
const QUERY_PREVIEW = 120;

/**
 * The nodes of a run in columns, and the tables that they point into: what a viewer needs to draw a run of any size. Bodies
 * (code, output, prompts) are not in it.
 *
 * Owns: its columns, which only grow. Does not own: the nodes.
 * 1. Position `k` of every column is node `k` of the log; a prefix of the columns is the run at that step. What is there never changes.
 * 2. What a column holds follows from the node and the nodes before it, so a skeleton that grew with a live run equals
 *    one that is made from the log anew.
 */
export class Skeleton {
  #columns: NodeColumns = makeColumns(FIRST_ROOM);
  #filled: NodeColumns | null = null;
  #length = 0;
  readonly #positions = new Map<string, number>();
  readonly #agents: SkeletonAgent[] = [];
  readonly #agentIndices = new Map<string, number>();
  readonly #waits: SkeletonWait[] = [];
  readonly #drops: SkeletonDrop[] = [];
  readonly #strings: string[] = [];
  readonly #stringIndices = new Map<string, number>();
  readonly #models: string[] = [];

  /** The skeleton of a graph. */
  static of(graph: Graph): Skeleton {
    const skeleton = new Skeleton();
    for (const node of graph.walk()) skeleton.add(node);
    return skeleton;
  }

  /** Number of nodes. */
  get length(): number {
    return this.#length;
  }

  /** The columns, each as long as the run. Valid until the next {@link add}. */
  get columns(): NodeColumns {
    this.#filled ??= partOf(this.#columns, 0, this.#length);
    return this.#filled;
  }

  get agents(): readonly SkeletonAgent[] {
    return this.#agents;
  }

  /** In the order of the log. */
  get waits(): readonly SkeletonWait[] {
    return this.#waits;
  }

  /** In the order of the log. */
  get drops(): readonly SkeletonDrop[] {
    return this.#drops;
  }

  /** What the column `title` points into. */
  get strings(): readonly string[] {
    return this.#strings;
  }

  /** What the column `model` points into. */
  get models(): readonly string[] {
    return this.#models;
  }

  /** The position of the node with this id. */
  position(id: string): number | undefined {
    return this.#positions.get(id);
  }

  /** Epoch milliseconds at which the node at this position ended; 0 for a position that no node has. */
  endedAt(position: number): number {
    const { startedAt, duration } = this.#columns;
    return (startedAt[position] ?? 0) + (duration[position] ?? 0) / 10;
  }

  /** Index of the agent with this id. */
  agentIndex(agentId: string): number | undefined {
    return this.#agentIndices.get(agentId);
  }

  /** Appends the next node of the log. Throws `invalid_graph` for one that is there already. */
  add(node: RunNode): void {
    if (this.#positions.has(node.id))
      throw new RLMError(
        "invalid_graph",
        `There is a node ${node.id} already; ids are unique within a branch.`,
      );
    this.#filled = null;
    const position = this.#length;
    if (position === this.#columns.type.length) this.#columns = grown(this.#columns);
    this.#positions.set(node.id, position);
    this.#length += 1;
    const agent = this.#agentOf(node, position);
    this.#fill(node, position, agent);
    const dropped = node.type === "error" && this.#positions.get(node.dropped ?? "");
    if (typeof dropped === "number") this.#drops.push({ position, action: dropped });
    if (node.type !== "supervising" || node.waits.length === 0) return;
    const awaited = node.waits.flatMap((wait) => wait.agents.map((id) => this.#agentIndices.get(id)));
    this.#waits.push({ position, agents: awaited.filter((index) => index !== undefined) });
  }

  #fill(node: RunNode, position: number, agent: number): void {
    const columns = this.#columns;
    columns.startedAt[position] = node.startedAt;
    columns.duration[position] = Math.min(MOST_UINT32, Math.max(0, (node.endedAt - node.startedAt) * 10));
    columns.parent[position] = node.parentId === null ? NONE : (this.#positions.get(node.parentId) ?? NONE);
    columns.agent[position] = agent;
    columns.type[position] = NODE_TYPES.indexOf(node.type);
    columns.model[position] = node.type === "action" ? this.#modelOf(node.model) : NO_MODEL;
    columns.title[position] = this.#stringOf(nodeTitle(node));
    columns.codeMs[position] =
      "block" in node ? Math.min(MOST_UINT32, Math.round(node.block?.codeMs ?? 0)) : 0;
    let flags = flagsOf(node);
    // An edit that follows an end opens the agent again: with it the agent stands elsewhere.
    const isOpening = ((columns.flags[columns.parent[position] ?? NONE] ?? 0) & FLAGS.end) !== 0;
    if (node.type === "observation" && node.edit !== undefined && !isOpening) flags |= FLAGS.spoken;
    for (const usage of nodeUsage(node)) {
      add(columns.input, position, usage.input);
      add(columns.cached, position, usage.cached);
      add(columns.output, position, usage.output);
      add(columns.cost, position, usage.costMicroUsd);
      if (usage.input === null || usage.output === null) flags |= FLAGS.unknownTokens;
      if (usage.costMicroUsd === null) flags |= FLAGS.unknownCost;
    }
    columns.flags[position] = flags;
  }

  #agentOf(node: RunNode, position: number): number {
    const known = this.#agentIndices.get(node.agentId);
    if (known !== undefined) return known;
    const index = this.#agents.length;
    const above = node.agentId.lastIndexOf(".");
    const parent = above < 0 ? null : (this.#agentIndices.get(node.agentId.slice(0, above)) ?? null);
    const depth = node.type === "query" ? node.depth : node.agentId.split(".").length - 1;
    const query = node.type === "query" ? node.query.slice(0, QUERY_PREVIEW).toWellFormed() : "";
    this.#agents.push(Object.freeze({ id: node.agentId, parent, depth, first: position, query }));
    this.#agentIndices.set(node.agentId, index);
    return index;
  }

  #modelOf(name: string): number {
    const known = this.#models.indexOf(name);
    if (known >= 0) return known;
    // The last number stands for every further one.
    if (this.#models.length < NO_MODEL - 1) this.#models.push(name);
    return this.#models.length - 1;
  }

  #stringOf(text: string): number {
    if (text === "") return NONE;
    const known = this.#stringIndices.get(text);
    if (known !== undefined) return known;
    this.#stringIndices.set(text, this.#strings.length);
    return this.#strings.push(text) - 1;
  }
}

function add(column: Uint32Array, position: number, amount: number | null): void {
  column[position] = Math.min(MOST_UINT32, (column[position] ?? 0) + (amount ?? 0));
}

function flagsOf(node: RunNode): number {
  const by = node.origin === "user" ? FLAGS.edited : node.origin === "policy" ? FLAGS.policy : 0;
  switch (node.type) {
    case "action":
      return (
        by |
        (node.final ? FLAGS.final : 0) |
        (node.finishReason === "length" ? FLAGS.cutReply : 0) |
        (node.attempts.some(({ outcome }) => outcome !== "complete") ? FLAGS.failed : 0)
      );
    case "call":
      return by | (node.intent === true ? FLAGS.intent : 0) | (node.outcome?.ok === false ? FLAGS.failed : 0);
    case "result":
      return by | FLAGS.end;
    case "error":
      return by | FLAGS.failed | (node.fatal ? FLAGS.end : 0) | cutFlag(node);
    case "observation":
    case "resume":
      return by | cutFlag(node);
    case "supervising":
    case "query":
      return by;
  }
}

function cutFlag(node: Parameters<typeof writtenOutput>[0]): number {
  const { written, shown } = writtenOutput(node);
  return shown < written ? FLAGS.cut : 0;
}
