import type { Graph, RunNode, UsageTotal } from "@rlmflow/core";
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
  readonly usage: Pick<UsageTotal, "input" | "output" | "costMicroUsd"> | null;
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
    return this.#agent(this.#summary(this.#options.root), 0);
  }

  #summary(agentId: string): AgentSummary {
    const found = this.#agents.get(agentId);
    if (found === undefined) throw new RangeError(`no agent ${agentId}`);
    return found;
  }

  #agent(agent: AgentSummary, depth: number): TreeItem {
    this.#lines += 1;
    const isOpen = this.#opens(agent, depth);
    const head = this.#graph.head(agent.agentId);
    const text =
      isOpen || head === undefined || agent.status === "running" ? quoted(agent.query) : nodeText(head);
    return {
      ...BLANK,
      kind: "agent",
      id: agent.agentId,
      name: agent.name,
      text: text || quoted(agent.query),
      status: agent.status,
      durationMs: agent.durationMs,
      usage: agent.total,
      model: agent.model,
      failed: agent.status === "failed" ? 1 : 0,
      children: isOpen ? this.#nodes(agent, depth) : [],
    };
  }

  #opens(agent: AgentSummary, depth: number): boolean {
    if (depth >= DEEPEST) return false;
    if (depth === 0 || this.#options.expand.has(agent.agentId)) return true;
    return depth < this.#options.depth && (this.#options.all || this.#lines < LINES);
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
      items.push(this.#node(node, places.get(node.id) ?? [], depth));
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

  #node(node: RunNode, children: readonly AgentSummary[], depth: number): TreeItem {
    this.#lines += 1;
    return {
      ...BLANK,
      kind: node.type,
      id: node.id,
      name: node.type,
      text: nodeText(node),
      durationMs: node.endedAt - node.startedAt,
      tokens: nodeTokens(node),
      failed: node.type === "error" ? 1 : 0,
      slowest: node.type === "supervising" ? slowestOf(node, this.#agents) : null,
      children: this.#siblings(children, depth + 1),
    };
  }

  #siblings(agents: readonly AgentSummary[], depth: number): readonly TreeItem[] {
    const roles = [...Map.groupBy(agents, (agent) => agent.role).values()];
    const groups = roles.filter((members) => members.length >= GROUP_FROM);
    const single = this.#worstFirst(roles.filter((members) => members.length < GROUP_FROM).flat());
    return [
      ...groups.map((members) => this.#group(members, depth)),
      ...this.#some(single, SHOWN_SIBLINGS, depth),
    ];
  }

  #group(members: readonly AgentSummary[], depth: number): TreeItem {
    this.#lines += 1;
    const times = members.map((member) => member.durationMs).toSorted((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    const first = members[0];
    return {
      ...BLANK,
      kind: "group",
      id:
        (first?.agentId ?? "").slice(0, (first?.agentId.length ?? 0) - (first?.name.length ?? 0)) +
        first?.role,
      name: first?.role ?? "",
      count: members.length,
      failed: members.filter((member) => member.status === "failed").length,
      usage: sumUsage(members),
      spread: { p50: at(0.5), p95: at(0.95), max: at(1) },
      children: this.#some(this.#worstFirst(members), SHOWN_OF_GROUP, depth),
    };
  }

  /** The first of them, and of the others those that were asked for. */
  #some(agents: readonly AgentSummary[], limit: number, depth: number): readonly TreeItem[] {
    const isShown = (agent: AgentSummary, index: number) =>
      this.#options.all || index < limit || this.#options.expand.has(agent.agentId);
    const shown = agents.filter(isShown);
    const hidden = agents.filter((agent, index) => !isShown(agent, index));
    const items = shown.map((agent) => this.#agent(agent, depth));
    const first = hidden[0];
    if (first === undefined) return items;
    return [
      ...items,
      more(first.agentId, hidden.length, hidden.filter(({ status }) => status === "failed").length),
    ];
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

function sumUsage(members: readonly AgentSummary[]): TreeItem["usage"] {
  const sum = { input: 0, output: 0, costMicroUsd: 0 };
  for (const { total } of members) {
    sum.input += total.input;
    sum.output += total.output;
    sum.costMicroUsd += total.costMicroUsd;
  }
  return sum;
}
