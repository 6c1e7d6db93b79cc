import type { Graph, RunNode } from "@rlmflow/core";
import { mergeUsage, ZERO_USAGE } from "@rlmflow/core/store";
import { type ToldUsage, toldUsage } from "../usage/told-usage.ts";
import { type AgentStatus, type AgentSummary, agentTable } from "./agent-table.ts";
import { nodeText, nodeTokens, quoted } from "./node-text.ts";

/** One line of the tree and what hangs from it. JSON through and through: `render --json` prints it. */
export interface TreeItem {
  readonly kind: "agent" | "group" | "more" | RunNode["type"];
  /** Agent or node id; of a group the ids' common beginning. */
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly status: AgentStatus | null;
  readonly durationMs: number | null;
  readonly tokens: { readonly input: number; readonly output: number } | null;
  readonly usage: ToldUsage | null;
  readonly model: string | null;
  /** How many agents or nodes this line stands for. */
  readonly count: number;
  readonly failed: number;
  /** Durations of a group's members: the median, the 95th percentile and the longest. */
  readonly spread: { readonly p50: number; readonly p95: number; readonly max: number } | null;
  /** Of a wait, the agent it waited for longest. */
  readonly slowest: { readonly agentId: string; readonly durationMs: number } | null;
  readonly children: readonly TreeItem[];
}

/** What of a run becomes lines. */
export interface TreeOptions {
  /** The agent to begin with. */
  readonly root: string;
  /** What makes one sibling come before another, failures apart. */
  readonly by: "time" | "tokens" | "cost";
  /** Show everything, however much it is. */
  readonly all: boolean;
  /** Levels of agents whose nodes are shown. */
  readonly depth: number;
  /** Agents whose nodes are shown at any depth. */
  readonly expand: ReadonlySet<string>;
}

/** Siblings of one role from which on they are one group. */
const GROUP_FROM = 4;
const SHOWN_OF_GROUP = 4;
const SHOWN_SIBLINGS = 12;
const SHOWN_NODES = 40;
/** Lines after which nothing more is opened, so that the tree of a run of any size is a page or two. */
const LINES = 300;
/** No run nests deeper; a document made by hand might. */
const DEEPEST = 400;

const BLANK: Omit<TreeItem, "kind" | "id" | "name"> = {
  text: "",
  status: null,
  durationMs: null,
  tokens: null,
  usage: null,
  model: null,
  count: 1,
  failed: 0,
  spread: null,
  slowest: null,
  children: [],
};

/** The run as a tree: agents, their nodes, and below the node that waited for them the children. */
export function runTree(graph: Graph, options: TreeOptions): TreeItem {
  return new TreeBuilder(graph, options).build();
}

interface Place {
  readonly depth: number;
  /** Members of a group are one line each unless they are asked for. */
  readonly inGroup: boolean;
  readonly parentModel: string;
}

class TreeBuilder {
  readonly #graph: Graph;
  readonly #options: TreeOptions;
  readonly #agents: ReadonlyMap<string, AgentSummary>;
  #lines = 0;

  constructor(graph: Graph, options: TreeOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#agents = agentTable(graph);
  }

  build(): TreeItem {
    return this.#agent(this.#summary(this.#options.root), { depth: 0, inGroup: false, parentModel: "" });
  }

  #summary(agentId: string): AgentSummary {
    const found = this.#agents.get(agentId);
    if (found === undefined) throw new RangeError(`no agent ${agentId}`);
    return found;
  }

  #agent(agent: AgentSummary, place: Place): TreeItem {
    this.#lines += 1;
    const isOpen = this.#opens(agent, place);
    const head = this.#graph.head(agent.agentId);
    const outcome = isOpen || head === undefined || agent.status === "running" ? "" : nodeText(head);
    return {
      ...BLANK,
      kind: "agent",
      id: agent.agentId,
      name: agent.name,
      text: outcome || quoted(agent.query),
      status: agent.status,
      durationMs: agent.durationMs,
      usage: toldUsage(agent.total),
      model: agent.model === place.parentModel ? null : agent.model,
      failed: agent.status === "failed" ? 1 : 0,
      children: isOpen ? this.#nodes(agent, place.depth) : [],
    };
  }

  #opens(agent: AgentSummary, { depth, inGroup }: Place): boolean {
    if (depth >= DEEPEST) return false;
    if (depth === 0 || this.#options.expand.has(agent.agentId)) return true;
    return depth < this.#options.depth && (this.#options.all || (!inGroup && this.#lines < LINES));
  }

  #nodes(agent: AgentSummary, depth: number): readonly TreeItem[] {
    const chain = this.#graph.chain(agent.agentId);
    const places = this.#childPlaces(agent.agentId, chain);
    const left = this.#options.all ? 0 : Math.max(0, chain.length - SHOWN_NODES);
    const from = Math.ceil(SHOWN_NODES / 2);
    const items: TreeItem[] = [];
    for (const [index, node] of chain.entries()) {
      if (left > 0 && index === from)
        items.push(more(agent.agentId, left, countErrors(chain.slice(from, from + left))));
      if (left > 0 && index >= from && index < from + left) continue;
      const children = this.#siblings(places.get(node.id) ?? [], {
        depth: depth + 1,
        parentModel: agent.model,
      });
      items.push(this.#node(node, chain[index + 1], children));
    }
    return items;
  }

  /** Children by the node they hang from: the one where their block waited first, else the action that made them. */
  #childPlaces(agentId: string, chain: readonly RunNode[]): ReadonlyMap<string, readonly AgentSummary[]> {
    const shownAt = new Map<string, string>();
    for (const [index, node] of chain.entries()) {
      const next = chain[index + 1];
      if (node.type === "action") shownAt.set(node.id, next?.type === "supervising" ? next.id : node.id);
    }
    const children = this.#graph.children(agentId).map((child) => this.#summary(child));
    const first = chain[0]?.id ?? "";
    return Map.groupBy(children, (child) => {
      const action = this.#graph.chainAt(child.agentId, 0)?.parentId?.split("/")[0] ?? "";
      return shownAt.get(action) ?? first;
    });
  }

  #node(node: RunNode, next: RunNode | undefined, children: readonly TreeItem[]): TreeItem {
    this.#lines += 1;
    return {
      ...BLANK,
      kind: node.type,
      id: node.id,
      name: node.type,
      text: nodeText(node),
      durationMs: nodeDuration(node, next),
      tokens: nodeTokens(node),
      failed: node.type === "error" ? 1 : 0,
      slowest: node.type === "supervising" ? slowestOf(node, this.#agents) : null,
      children,
    };
  }

  #siblings(agents: readonly AgentSummary[], place: Omit<Place, "inGroup">): readonly TreeItem[] {
    const roles = [...Map.groupBy(agents, (agent) => agent.role).values()];
    const units = roles.flatMap((members) =>
      members.length < GROUP_FROM ? members.map((one) => [one]) : [members],
    );
    const worst = (members: readonly AgentSummary[]) => this.#worstFirst(members)[0];
    const byWorst = new Map(units.map((members) => [worst(members), members]));
    const order = this.#worstFirst([...byWorst.keys()].filter((agent) => agent !== undefined));
    const isShown = (agent: AgentSummary, index: number) =>
      this.#options.all || index < SHOWN_SIBLINGS || this.#options.expand.has(agent.agentId);
    const items = order.filter(isShown).map((agent) => {
      const members = byWorst.get(agent) ?? [];
      return members.length > 1
        ? this.#group(members, place)
        : this.#agent(agent, { ...place, inGroup: false });
    });
    const hidden = order.filter((agent, index) => !isShown(agent, index));
    return [...items, ...moreAgents(hidden.flatMap((agent) => byWorst.get(agent) ?? []))];
  }

  #group(members: readonly AgentSummary[], place: Omit<Place, "inGroup">): TreeItem {
    this.#lines += 1;
    const times = members.map((member) => member.durationMs).toSorted((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    const { agentId = "", name = "", role = "" } = members[0] ?? {};
    return {
      ...BLANK,
      kind: "group",
      id: agentId.slice(0, agentId.length - name.length) + role,
      name: role,
      count: members.length,
      failed: members.filter((member) => member.status === "failed").length,
      usage: toldUsage(members.reduce((sum, member) => mergeUsage(sum, member.total), ZERO_USAGE)),
      spread: { p50: at(0.5), p95: at(0.95), max: at(1) },
      children: this.#members(this.#worstFirst(members), place),
    };
  }

  #members(agents: readonly AgentSummary[], place: Omit<Place, "inGroup">): readonly TreeItem[] {
    const isShown = (agent: AgentSummary, index: number) =>
      this.#options.all || index < SHOWN_OF_GROUP || this.#options.expand.has(agent.agentId);
    const items = agents.filter(isShown).map((agent) => this.#agent(agent, { ...place, inGroup: true }));
    return [...items, ...moreAgents(agents.filter((agent, index) => !isShown(agent, index)))];
  }

  #worstFirst(agents: readonly AgentSummary[]): readonly AgentSummary[] {
    const weight = {
      time: (agent: AgentSummary) => agent.durationMs,
      tokens: (agent: AgentSummary) => agent.total.input + agent.total.output,
      cost: (agent: AgentSummary) => agent.total.costMicroUsd,
    }[this.#options.by];
    const rank = { failed: 0, running: 1, done: 2 };
    return agents.toSorted((a, b) => rank[a.status] - rank[b.status] || weight(b) - weight(a));
  }
}

function slowestOf(
  node: Extract<RunNode, { type: "supervising" }>,
  agents: ReadonlyMap<string, AgentSummary>,
): TreeItem["slowest"] {
  let slowest: TreeItem["slowest"] = null;
  for (const agentId of node.waits.flatMap((wait) => wait.agents)) {
    const durationMs = agents.get(agentId)?.durationMs ?? 0;
    if (slowest === null || durationMs > slowest.durationMs) slowest = { agentId, durationMs };
  }
  return slowest;
}

function more(id: string, count: number, failed: number): TreeItem {
  return { ...BLANK, kind: "more", id, name: "", count, failed };
}

function countErrors(nodes: readonly RunNode[]): number {
  return nodes.filter((node) => node.type === "error").length;
}

function moreAgents(hidden: readonly AgentSummary[]): readonly TreeItem[] {
  const [first] = hidden;
  if (first === undefined) return [];
  return [more(first.agentId, hidden.length, hidden.filter(({ status }) => status === "failed").length)];
}

/** Of a wait, until the block had gone on; of what came after it, its code alone. Nothing of a query. */
function nodeDuration(node: RunNode, next: RunNode | undefined): number | null {
  if (node.type === "query") return null;
  if (node.type === "resume") return node.block.codeMs;
  if (node.type === "supervising")
    return next === undefined ? null : Math.max(0, next.endedAt - node.endedAt);
  return node.endedAt - node.startedAt;
}
