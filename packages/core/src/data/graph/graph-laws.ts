import { callNodeId, chainNodeId, intentNodeId, parentAgent, ROOT } from "../ids.ts";
import { reopens } from "../may-open-again.ts";
import { type CallNode, type ChainNode, endsAgent, type QueryNode, type RunNode } from "../node.ts";

/** The part of a graph that the laws are checked on. */
export interface LawView {
  walk(): Iterable<RunNode>;
  find(id: string): RunNode | undefined;
  position(id: string): number | undefined;
}

/** A node that breaks a law. */
export interface LawFault {
  readonly position: number;
  readonly problem: string;
}

/**
 * The first node that breaks a law of runs: its position and what is wrong; `null` when every node is lawful. The same
 * laws hold wherever a run comes in: a log that is loaded, examined, forked or resumed, a document, a trace. A node has
 * the id and parent that follow from its place, and every node that it refers to comes before it. A query says what
 * follows from its place, and from the `delegate` call that caused it.
 */
export function lawFault(graph: LawView): LawFault | null {
  const chains = new Map<string, Chain>();
  let position = 0;
  for (const node of graph.walk()) {
    const problem =
      node.type === "call" ? callProblem(graph, node) : chainProblem(graph, node, chainOf(chains, node));
    const told = node.type === "query" ? queryProblem(graph, node, chainOf(chains, node)) : null;
    const fault = problem ?? told ?? missingBefore(graph, node, position);
    if (fault !== null) return { position, problem: fault };
    position += 1;
  }
  return null;
}

/** The lawful nodes of an agent's chain so far: how many they are, how many of them queries, and the last of them. */
interface Chain {
  length: number;
  queries: number;
  last: ChainNode | null;
}

function chainOf(chains: Map<string, Chain>, { agentId }: ChainNode): Chain {
  let chain = chains.get(agentId);
  if (chain === undefined) {
    chain = { length: 0, queries: 0, last: null };
    chains.set(agentId, chain);
  }
  return chain;
}

function callProblem(graph: LawView, call: CallNode): string | null {
  const action = graph.find(call.parentId ?? "");
  if (action?.type !== "action" || action.agentId !== call.agentId)
    return `the call ${call.id} has no action of ${call.agentId} as parent`;
  const name = call.intent === true ? intentNodeId : callNodeId;
  const id = name(action.id, call.index);
  return call.id === id ? null : `the call ${call.id} should have the id ${id}`;
}

/** What is wrong with the next node of a chain, which is thereby added to it. */
function chainProblem(graph: LawView, node: ChainNode, chain: Chain): string | null {
  const { id, type, agentId, parentId } = node;
  const { length, last } = chain;
  chain.length += 1;
  chain.last = node;
  const wanted = chainNodeId(agentId, length);
  if (id !== wanted) return `the node ${id} should have the id ${wanted}, which follows from its place`;
  if (last === null && type !== "query") return `agent ${agentId} begins with ${type}, not with a query`;
  if (type === "query" && agentId !== ROOT) return taskProblem(graph, node);
  const before = last?.id ?? null;
  if (parentId !== before) return `the node ${id} should have the parent ${before}, not ${parentId}`;
  const follows = last !== null && endsAgent(last) && type !== "query";
  return follows && !reopens(node, last) ? `the node ${id} follows the end of its agent` : null;
}

function taskProblem(graph: LawView, query: RunNode): string | null {
  const call = graph.find(query.parentId ?? "");
  const isTask =
    call?.type === "call" &&
    call.name === "delegate" &&
    call.agentId === parentAgent(query.agentId) &&
    call.outcome?.ok === true &&
    call.outcome.value === query.agentId;
  return isTask
    ? null
    : `the query ${query.id} has no delegate call of its parent agent as parent that returned ${query.agentId}`;
}

/** What a query says that does not follow from its place and cause. It is thereby counted in its chain. */
function queryProblem(graph: LawView, query: QueryNode, chain: Chain): string | null {
  const { id, agentId, depth } = query;
  const ordinal = chain.queries;
  chain.queries += 1;
  const wanted = agentId.split(".").length - 1;
  if (depth !== wanted)
    return `the query ${id} has depth ${depth}, and not ${wanted}, which follows from its agent`;
  if (query.ordinal !== ordinal)
    return `the query ${id} has the ordinal ${query.ordinal}, and not ${ordinal}, which follows from its place`;
  const call = graph.find(query.parentId ?? "");
  if (call?.type !== "call") return null;
  const asked = call.args?.[1];
  if (asked !== undefined && asked !== query.query)
    return `the query ${id} is not what its parent asked in ${call.id}`;
  const first = ordinal === 0 ? undefined : graph.find(chainNodeId(agentId, 0));
  const other = SHARED.find(
    (field) => first?.type === "query" && JSON.stringify(first[field]) !== JSON.stringify(query[field]),
  );
  return other === undefined ? null : `the query ${id} has another ${other} than ${agentId} began with`;
}

/** What a child's further queries have of its first, whose REPL they work in. */
const SHARED = ["contexts", "globals", "seed"] as const;

/** A problem when the node refers to one that does not come before it. */
function missingBefore(graph: LawView, node: RunNode, position: number): string | null {
  for (const id of namedBy(node)) {
    if ((graph.position(id) ?? position) < position) continue;
    const what = node.type === "call" ? `the wait ${node.id} delivers` : `the node ${node.id} refers to`;
    return `${what} ${id}, but no such node comes before it: it is missing`;
  }
  return null;
}

/** The ids of the earlier nodes that a node refers to, other than its parent. */
function namedBy(node: RunNode): readonly string[] {
  switch (node.type) {
    case "call":
      return node.name === "wait" && node.outcome?.ok === true && Array.isArray(node.outcome.value)
        ? node.outcome.value.map(String)
        : NOTHING;
    case "resume":
      return [node.resumedFrom];
    case "action":
      return node.replaces === undefined ? NOTHING : [node.replaces];
    case "error":
      return node.dropped === undefined ? NOTHING : [node.dropped];
    default:
      return NOTHING;
  }
}

const NOTHING: readonly string[] = [];
