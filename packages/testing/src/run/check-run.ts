import { isDeepStrictEqual } from "node:util";
import type { Runtime } from "@rlmflow/core";
import { type CallNode, endsAgent, Graph, RLMError, ROOT, type RunNode } from "@rlmflow/core";
import { agentState, callNodeId, chainNodeId, intentNodeId, reopens } from "@rlmflow/core/driver";
import type { Store } from "@rlmflow/core/store";
import { addUsage, nodeUsage, ZERO_USAGE } from "@rlmflow/core/store";
import { checkReplay } from "./check-replay.ts";
import { checkRequests, type RequestLaw } from "./check-requests.ts";

/** What {@link checkRun} may use beside the graph; each part switches on a law. */
export interface CheckRunOptions extends RequestLaw {
  /** The branch's store: its nodes must be the graph's, and large values are read from it. */
  readonly store?: Store;
  /** Runtimes by key (`default` for a flow's only one), still open: every block is run again and must do the same. */
  readonly runtimes?: Readonly<Record<string, Runtime>>;
}

/**
 * Holds a run against the laws every run keeps: unique ids made from places, contiguous `n`, causes before
 * effects, frozen nodes, exact JSON round trip, usage that adds up, requests whose digest follows from the
 * chain, and, where a runtime is given, replay equality. Throws `invalid_graph` listing what is broken.
 */
export async function checkRun(graph: Graph, options: CheckRunOptions = {}): Promise<void> {
  const broken = [
    ...[...graph.walk()].flatMap((node) => [...nodeFaults(graph, node)]),
    ...agentFaults(graph),
    ...usageFaults(graph),
    ...roundTripFaults(graph),
    ...(await storeFaults(graph, options.store)),
    ...(await checkRequests(graph, options)),
    ...(options.runtimes === undefined ? [] : await checkReplay(graph, options.runtimes, options.store)),
  ];
  if (broken.length === 0) return;
  const shown = broken.slice(0, 20).join("\n");
  throw new RLMError("invalid_graph", `The run breaks ${broken.length} laws:\n${shown}`, {
    details: { broken },
  });
}

function* nodeFaults(graph: Graph, node: RunNode): Generator<string> {
  if (!deepFrozen(node)) yield `${node.id} is not frozen all the way down`;
  if (node.type === "call") {
    const id =
      node.intent === true
        ? intentNodeId(node.parentId ?? "", node.index)
        : callNodeId(node.parentId ?? "", node.index);
    if (node.id !== id) yield `call ${node.id} should be ${id}`;
    if (graph.find(node.parentId ?? "")?.type !== "action") yield `call ${node.id} has no action`;
    if (node.name === "wait") yield* waitFaults(graph, node);
  } else {
    const place = graph.chain(node.agentId).indexOf(node);
    if (node.id !== chainNodeId(node.agentId, place))
      yield `${node.id} stands at place ${place} of its chain`;
  }
  if (node.type === "query" && node.agentId !== ROOT) {
    const cause = graph.find(node.parentId ?? "");
    if (cause?.type !== "call" || cause.name !== "delegate")
      yield `query ${node.id} was not caused by a delegate call`;
    else if (cause.outcome?.ok !== true || cause.outcome.value !== node.agentId)
      yield `delegate call ${cause.id} did not give agent ${node.agentId}`;
  }
}

/** A wait is delivered after the ends it delivers. */
function* waitFaults(graph: Graph, wait: CallNode): Generator<string> {
  const before = graph.at(wait.id);
  const ends = wait.outcome?.ok === true && Array.isArray(wait.outcome.value) ? wait.outcome.value : [];
  for (const id of ends) {
    const end = before.find(String(id));
    if (end === undefined) yield `wait ${wait.id} delivers ${id}, which had not happened`;
    else if (end.type !== "call" && !endsAgent(end))
      yield `wait ${wait.id} delivers ${id}, which ends no agent`;
  }
}

function agentFaults(graph: Graph): readonly string[] {
  return graph.agents().flatMap((agentId) => {
    const faults: string[] = [];
    graph.log(agentId).forEach((node, n) => {
      if (node.n !== n) faults.push(`${node.id} has n = ${node.n} at place ${n} of its agent's log`);
    });
    const chain = graph.chain(agentId);
    if (chain[0]?.type !== "query") faults.push(`agent ${agentId} does not begin with a query`);
    for (const [place, node] of chain.entries()) {
      const next = chain[place + 1];
      if (endsAgent(node) && next !== undefined && next.type !== "query" && !reopens(next, node))
        faults.push(`${next.id} follows the end of its agent`);
    }
    const state = agentState(graph, agentId);
    if (graph.finished && state !== undefined && !endsAgent(state.head))
      faults.push(`the root has ended, but ${agentId} has not`);
    return faults;
  });
}

function usageFaults(graph: Graph): readonly string[] {
  let total = ZERO_USAGE;
  for (const node of graph.walk()) for (const usage of nodeUsage(node)) total = addUsage(total, usage);
  return isDeepStrictEqual(total, graph.usage())
    ? []
    : ["the usage of the root is not the sum over all nodes"];
}

function roundTripFaults(graph: Graph): readonly string[] {
  const text = JSON.stringify(graph);
  try {
    const again = Graph.fromJSON(JSON.parse(text));
    const same = isDeepStrictEqual([...again.walk()], [...graph.walk()]) && JSON.stringify(again) === text;
    return same ? [] : ["the graph is another after a round trip through JSON"];
  } catch (error) {
    return [`the graph does not survive JSON: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function storeFaults(graph: Graph, store: Store | undefined): Promise<readonly string[]> {
  if (store === undefined) return [];
  const kept = await store.read();
  return isDeepStrictEqual([...kept], [...graph.walk()])
    ? []
    : ["the store holds other nodes than the graph, or another order"];
}

function deepFrozen(value: unknown): boolean {
  const pending: unknown[] = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== "object" || next === null) continue;
    if (!Object.isFrozen(next)) return false;
    pending.push(...Object.values(next).filter((inner) => typeof inner === "object" && inner !== null));
  }
  return true;
}
