import { endsAgent, type Graph, type RunNode } from "@rlmflow/core";
import { writtenOutput } from "../graph/written-output.ts";
import { contextCoverage, type PayloadCoverage, type Range, unitsIn } from "./coverage.ts";

/**
 * What in a run is worth a look:
 * - `failed`: an agent ended with an error;
 * - `failed_child`: an agent answered although a child that it waited for had failed;
 * - `never_awaited`: a child whose end no code waited for;
 * - `unread_context`: the root answered, and less than half of a context had been read;
 * - `unread_part`: a child answered without reading anything of what it was given;
 * - `cut_output`: an agent answered right after output of which the model was not shown all;
 * - `same_query`: several agents were asked the same about the same contexts.
 */
export type FindingKind =
  | "failed"
  | "failed_child"
  | "never_awaited"
  | "unread_context"
  | "unread_part"
  | "cut_output"
  | "same_query";

/** One thing that was found, at the node where a reader should look. */
export interface Finding {
  readonly kind: FindingKind;
  readonly nodeId: string;
  readonly agentId: string;
  /** Other agents that it is about: the child, or those that were asked the same. */
  readonly others: readonly string[];
  /** What was found, as a sentence. Names and messages in it are as models wrote them: whoever shows them makes them plain. */
  readonly text: string;
}

/** Less of a context than this share has been read: the answer may not know what is in it. */
const ENOUGH_READ = 0.5;

/** Everything worth a look in a run, in the order of the nodes that it is about. */
export function findings(graph: Graph): readonly Finding[] {
  const coverage = contextCoverage(graph);
  const awaited = new Map(graph.agents().map((agentId) => [agentId, awaitedBy(graph, agentId)]));
  const found = [
    ...failures(graph),
    ...failedChildren(graph, awaited),
    ...neverAwaited(graph, awaited),
    ...unreadContexts(graph, coverage),
    ...unreadParts(graph, coverage),
    ...cutOutputs(graph),
    ...sameQueries(graph),
  ];
  const place = ({ nodeId }: Finding) => graph.position(nodeId) ?? 0;
  return found.toSorted((a, b) => place(a) - place(b));
}

function finding(kind: FindingKind, node: RunNode, text: string, others: readonly string[] = []): Finding {
  return { kind, nodeId: node.id, agentId: node.agentId, others, text };
}

function* failures(graph: Graph): Generator<Finding> {
  for (const agentId of graph.agents()) {
    const head = graph.head(agentId);
    if (head?.type === "error" && head.fatal)
      yield finding("failed", head, `${agentId} failed: ${head.kind}: ${head.message}`);
  }
}

/** By agent, the agents that its code waited for. */
type Awaited = ReadonlyMap<string, ReadonlySet<string>>;

/** The agents that code of this agent waited for. */
function awaitedBy(graph: Graph, agentId: string): ReadonlySet<string> {
  const chain = graph.chain(agentId);
  const answered = chain
    .filter((node) => node.type === "action")
    .flatMap((action) => graph.calls(action.id))
    .filter((call) => call.name === "wait" && call.outcome?.ok === true);
  const ended = answered.flatMap((call) =>
    call.outcome?.ok === true ? namedAgents(call.outcome.value) : [],
  );
  const waited = chain.flatMap((node) =>
    node.type === "supervising" ? node.waits.flatMap((wait) => wait.agents) : [],
  );
  return new Set([...waited, ...ended]);
}

/** The agents of the nodes that a wait's answer names. */
function namedAgents(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((id) => typeof id === "string").map((id) => id.replace(/#\d+$/, ""));
}

function* failedChildren(graph: Graph, awaited: Awaited): Generator<Finding> {
  for (const agentId of graph.agents()) {
    const head = graph.head(agentId);
    if (head?.type !== "result") continue;
    const failed = graph.children(agentId).filter((child) => {
      const end = graph.head(child);
      return awaited.get(agentId)?.has(child) === true && end?.type === "error" && end.fatal;
    });
    if (failed.length > 0)
      yield finding("failed_child", head, `${agentId} answered although ${list(failed)} failed`, failed);
  }
}

function* neverAwaited(graph: Graph, awaited: Awaited): Generator<Finding> {
  for (const agentId of graph.agents()) {
    const head = graph.head(agentId);
    if (head === undefined || !endsAgent(head)) continue;
    for (const child of graph.children(agentId)) {
      const query = graph.chainAt(child, 0);
      if (query !== undefined && awaited.get(agentId)?.has(child) !== true)
        yield finding("never_awaited", query, `${agentId} never waited for ${child}`, [agentId]);
    }
  }
}

function* unreadContexts(graph: Graph, coverage: readonly PayloadCoverage[]): Generator<Finding> {
  const head = graph.head("root");
  const query = graph.chainAt("root", 0);
  if (head?.type !== "result" || query?.type !== "query") return;
  const own = new Map(query.contexts.map(({ digest, key }) => [digest, key]));
  if (graph.agents().some((agentId) => mayHaveReadAtLast(graph, agentId))) return;
  for (const { digest, characters, read } of coverage) {
    const key = own.get(digest);
    const share = characters === 0 ? 1 : unitsIn(read) / characters;
    if (key !== undefined && share < ENOUGH_READ)
      yield finding("unread_context", head, `only ${percent(share)} of the context ${key} had been read`);
  }
}

function* unreadParts(graph: Graph, coverage: readonly PayloadCoverage[]): Generator<Finding> {
  const readers = new Set(
    coverage.flatMap(({ reads }) => reads.filter(isSome).map(({ agentId }) => agentId)),
  );
  for (const agentId of graph.agents()) {
    const query = graph.chainAt(agentId, 0);
    const head = graph.head(agentId);
    if (query?.type !== "query" || query.parentId === null || query.contexts.length === 0) continue;
    if (head?.type === "result" && !readers.has(agentId) && !mayHaveReadAtLast(graph, agentId))
      yield finding("unread_part", head, `${agentId} answered without reading what it was given`);
  }
}

/** What a block reads before it calls `done` is not on record, so its code decides. */
function mayHaveReadAtLast(graph: Graph, agentId: string): boolean {
  return graph.head(agentId)?.type === "result" && /\bCONTEXT\b/.test(graph.lastAction(agentId)?.code ?? "");
}

function isSome({ start, end }: Range): boolean {
  return end > start;
}

function* cutOutputs(graph: Graph): Generator<Finding> {
  for (const agentId of graph.agents()) {
    const chain = graph.chain(agentId);
    const last = chain.findLastIndex((node) => node.type === "action");
    const shown = chain[last - 1];
    if (chain.at(-1)?.type !== "result" || shown === undefined || !("block" in shown)) continue;
    if (shown.type === "result") continue;
    const output = writtenOutput(shown);
    if (output.shown < output.written)
      yield finding(
        "cut_output",
        shown,
        `${agentId} answered after it was shown ${output.shown} of ${output.written} characters`,
      );
  }
}

function* sameQueries(graph: Graph): Generator<Finding> {
  const first = graph.agents().flatMap((agentId) => {
    const node = graph.chainAt(agentId, 0);
    return node?.type === "query" ? [node] : [];
  });
  const asked = Map.groupBy(first, ({ query, contexts }) =>
    JSON.stringify([query, contexts.map(({ digest, range }) => [digest, range?.start, range?.end])]),
  );
  for (const nodes of asked.values()) {
    const [node, ...others] = nodes;
    if (node !== undefined && others.length > 0)
      yield finding(
        "same_query",
        node,
        `${nodes.length} agents were asked the same about the same contexts`,
        others.map(({ agentId }) => agentId),
      );
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
