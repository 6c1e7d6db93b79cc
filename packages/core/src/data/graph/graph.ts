import { RLMError } from "../../errors.ts";
import { decodeNode, decodeRunInfo } from "../decode/decode.ts";
import { isKnownFormat } from "../decode/migrations.ts";
import { parentAgent, ROOT } from "../ids.ts";
import { isJsonObject, type JsonValue } from "../json.ts";
import { endsAgent, type RunNode } from "../node.ts";
import { nodeUsage } from "../node-usage.ts";
import { FORMAT, type RunInfo } from "../run-info.ts";
import { addUsage, mergeUsage, type UsageTotal, ZERO_USAGE } from "../usage.ts";
import { counted } from "../words.ts";
import { type LawFault, lawFault } from "./graph-laws.ts";
import { Spine, SpinePrefix, spineOf } from "./spine.ts";
import { renderTree } from "./tree.ts";

/** A graph as one JSON document. */
export interface GraphDocument {
  readonly format: number;
  readonly run: RunInfo;
  readonly nodes: readonly RunNode[];
}

/**
 * An immutable snapshot of one branch of a run: a prefix of its log. Making one and appending to one,
 * old or new, take constant time; snapshots share what they have in common. Only a fork of a fork of a fork
 * is copied now and then.
 */
export class Graph extends SpinePrefix {
  readonly run: RunInfo;

  private constructor(run: RunInfo, spine: Spine, length?: number) {
    super(spine, length);
    this.run = run;
    Object.freeze(this);
  }

  /** A run in which nothing has happened yet. */
  static empty(run: RunInfo): Graph {
    return new Graph(run, new Spine());
  }

  /** The graph of these nodes in this order. Throws `invalid_graph` naming the first node that breaks a law. */
  static fromNodes(run: RunInfo, nodes: Iterable<RunNode>): Graph {
    return Graph.#lawful(run, nodes, "nodes");
  }

  /**
   * What one agent knows of a run: its own log, and of its children the queries and the nodes with which they ended, in
   * the order in which they happened. The chains of the children have gaps. Throws `invalid_graph` or `lost_race`.
   */
  static excerpt(run: RunInfo, agentId: string, nodes: Iterable<RunNode>): Graph {
    const spine = new Spine(null, 0, agentId);
    for (const node of nodes) spine.add(node);
    return new Graph(run, spine);
  }

  /** The longest prefix of these nodes that keeps the laws, and what is wrong with the node after it. */
  static longestLawful(
    run: RunInfo,
    nodes: Iterable<RunNode>,
  ): { readonly graph: Graph; readonly fault: LawFault | null } {
    const { graph, fault: refused } = Graph.#longest(run, nodes);
    const fault = lawFault(graph);
    if (fault === null) {
      spineOf(graph).judged = graph.length;
      return { graph, fault: refused };
    }
    return { graph: new Graph(run, spineOf(graph).fork(fault.position), fault.position), fault };
  }

  /** Throws `invalid_graph` for a graph that was built by other means, such as `append`, and breaks a law. */
  static requireLawful(graph: Graph): void {
    if (graph.length <= spineOf(graph).judged) return;
    const fault = lawFault(graph);
    if (fault !== null) throw unlawful("nodes", fault);
    spineOf(graph).judged = graph.length;
  }

  static #lawful(run: RunInfo, nodes: Iterable<RunNode>, where: string): Graph {
    const { graph, fault } = Graph.longestLawful(run, nodes);
    if (fault !== null) throw unlawful(where, fault);
    return graph;
  }

  static #longest(run: RunInfo, nodes: Iterable<RunNode>) {
    const spine = new Spine();
    let fault: LawFault | null = null;
    for (const node of nodes) {
      try {
        spine.add(node);
      } catch (error) {
        if (!RLMError.is(error)) throw error;
        fault = { position: spine.length, problem: error.message.replace(/\.$/, "") };
        break;
      }
    }
    return { graph: new Graph(run, spine), fault };
  }

  /** The graph in a document made by {@link toJSON}. Throws `invalid_graph` saying where it is wrong. */
  static fromJSON(document: unknown): Graph {
    if (!isJsonObject(document))
      throw new RLMError("invalid_graph", "A graph document is a JSON object with format, run and nodes.");
    const { format } = document;
    if (format === undefined)
      throw new RLMError(
        "invalid_graph",
        "A graph document has a format, a run and nodes; this has no format.",
      );
    if (!isKnownFormat(format)) {
      throw new RLMError(
        "unsupported_format",
        `This document has format ${JSON.stringify(format)}; this version of rlmflow reads formats 1 to ${FORMAT}. Use the version that wrote it, or a newer one.`,
      );
    }
    if (!Array.isArray(document.nodes))
      throw new RLMError("invalid_graph", "$.nodes: expected a list of nodes.");
    const run = decodeRunInfo(document.run, "$.run", format);
    const nodes = document.nodes.map((node: unknown, index) => decodeNode(node, `$.nodes[${index}]`, format));
    return Graph.#lawful(run, nodes, "$.nodes");
  }

  get branch(): string {
    return this.run.branch.id;
  }

  /** True when the root has ended. */
  get finished(): boolean {
    const head = this.head(ROOT);
    return head !== undefined && endsAgent(head);
  }

  /** The root's answer; `undefined` when there is none yet, `null` also when it is kept as a blob. */
  get result(): JsonValue | undefined {
    const head = this.head(ROOT);
    return head?.type === "result" ? head.result : undefined;
  }

  /** What the agent and everything below it consumed. */
  usage(agentId: string = ROOT): UsageTotal {
    const pending = [agentId];
    let total = ZERO_USAGE;
    while (pending.length > 0) {
      const next = pending.pop() ?? ROOT;
      total = mergeUsage(total, this.ownUsage(next));
      pending.push(...this.children(next));
    }
    return total;
  }

  /** What the agent itself consumed, its sub-LLM queries and failed requests included. */
  ownUsage(agentId: string): UsageTotal {
    let total = ZERO_USAGE;
    for (const node of this.log(agentId)) for (const usage of nodeUsage(node)) total = addUsage(total, usage);
    return total;
  }

  /** The prefix that ends with this node. Throws `not_found`. */
  at(id: string): Graph {
    const position = this.position(id);
    if (position === undefined)
      throw new RLMError(
        "not_found",
        `There is no node ${id} in this graph of ${counted(this.length, "node")}.`,
      );
    return new Graph(this.run, spineOf(this), position + 1);
  }

  /** The graph with these nodes at its end. This one stays as it is, also when it is an old one. */
  append(nodes: readonly RunNode[]): Graph {
    const own = spineOf(this);
    const spine = this.length === own.length ? own : own.fork(this.length);
    for (const node of nodes) spine.add(node);
    return new Graph(this.run, spine);
  }

  /** The same nodes as another branch. */
  onBranch(run: RunInfo): Graph {
    return new Graph(run, spineOf(this).fork(this.length), this.length);
  }

  /** True when `other` begins with all of this graph's nodes. */
  isPrefixOf(other: Graph): boolean {
    const last = this.last();
    return last === undefined || (this.length <= other.length && spineOf(other).at(this.length - 1) === last);
  }

  /** The run as an indented tree of agents and their nodes. */
  tree(): string {
    return renderTree(this);
  }

  toJSON(): GraphDocument {
    return { format: FORMAT, run: this.run, nodes: [...this.walk()] };
  }
}

function unlawful(where: string, { position, problem }: LawFault): RLMError {
  return new RLMError("invalid_graph", `${where}[${position}]: ${problem}.`, { details: { position } });
}

/** Ids of the agent and of everything above it, the agent first. */
export function lineage(agentId: string): readonly string[] {
  const ids = [agentId];
  for (let above = parentAgent(agentId); above !== null; above = parentAgent(above)) ids.push(above);
  return ids;
}
