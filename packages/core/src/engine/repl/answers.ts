import { queryEnd } from "../../data/graph/agent-state.ts";
import type { Graph } from "../../data/graph/graph.ts";
import { callNodeId } from "../../data/ids.ts";
import { isJsonObject, type JsonValue } from "../../data/json.ts";
import type { CallNode, ErrorNode, Outcome } from "../../data/node.ts";
import { counted, sentences } from "../../data/words.ts";
import type { Call } from "../../protocols/runtime.ts";
import type { Journal } from "../store/journal.ts";
import type { AwaitedQuery } from "./wait-table.ts";

/**
 * The queries that a `wait` call names, or `null` when one of its handles was not made by this agent.
 * A handle whose delegation was refused has no agent.
 */
export function awaitedQueries(graph: Graph, agentId: string, call: Call): readonly AwaitedQuery[] | null {
  const queries: AwaitedQuery[] = [];
  for (const handle of call.args) {
    if (!isJsonObject(handle) || typeof handle.block !== "string" || typeof handle.index !== "number")
      return null;
    const callId = callNodeId(handle.block, handle.index);
    const delegation = graph.find(callId);
    if (delegation?.type !== "call" || delegation.name !== "delegate" || delegation.agentId !== agentId)
      return null;
    queries.push({ callId, agentId: childOf(delegation) });
  }
  return queries.length === 0 ? null : queries;
}

/** The child that a `delegate` call gave, or `null` when it was refused. */
export function childOf(delegation: CallNode): string | null {
  return delegation.outcome?.ok === true && typeof delegation.outcome.value === "string"
    ? delegation.outcome.value
    : null;
}

/** True when the query has ended or never began. */
export function hasEnded(graph: Graph, query: AwaitedQuery): boolean {
  return query.agentId === null || queryEnd(graph, query.agentId, query.callId) !== undefined;
}

/** Ids of the nodes that own the outcomes of these queries: what the log keeps of a complete wait. */
export function endIds(graph: Graph, queries: readonly AwaitedQuery[]): readonly string[] {
  return queries.map((query) =>
    query.agentId === null
      ? query.callId
      : (queryEnd(graph, query.agentId, query.callId)?.id ?? query.callId),
  );
}

/** The arguments of a call as the log keeps them: a wait's are agent ids. */
export function storedArguments(graph: Graph, agentId: string, call: Call): readonly JsonValue[] {
  if (call.name !== "wait") return call.args;
  return awaitedQueries(graph, agentId, call)?.map((query) => query.agentId ?? query.callId) ?? call.args;
}

/** The outcome that the REPL is given for a recorded call. */
export async function recordedOutcome(journal: Journal, node: CallNode): Promise<Outcome> {
  const outcome = (await journal.unpack(node.outcome, node.blobs?.outcome)) ?? { ok: true, value: null };
  if (node.name !== "wait" || !outcome.ok || !Array.isArray(outcome.value)) return outcome;
  const ends = await Promise.all(outcome.value.map((id: JsonValue) => endOutcome(journal, String(id))));
  const value = mentionsOthers(journal.graph, node.agentId)
    ? ends.map((end) => amongOthers(end, ends))
    : ends;
  return { ok: true, value: value as unknown as JsonValue };
}

/** Under interpreter 1 an error of a wait did not mention the other children, and a replay has to give the same error. */
function mentionsOthers(graph: Graph, agentId: string): boolean {
  const first = graph.chainAt(agentId, 0);
  return first?.type === "query" && first.interpreter !== "1";
}

/** One of the ends that a `wait` delivers. An error, which is thrown for all of them, says how many others succeeded. */
function amongOthers(end: Outcome, ends: readonly Outcome[]): Outcome {
  const succeeded = ends.filter(({ ok }) => ok).length;
  if (end.ok || succeeded === 0) return end;
  const others = `${succeeded} of ${counted(ends.length, "child", "children")} succeeded, and their results are kept: await each handle in a try of its own.`;
  return { ok: false, error: { ...end.error, message: sentences(end.error.message, others) } };
}

/** How an agent ended, for code: addresses and paths of the host, in the words of a failed runtime, are not for it. */
function toldToCode({ kind, message }: ErrorNode): string {
  return kind === "runtime_failed" ? "its runtime failed." : message;
}

/** What became of the query that ended with this node. */
async function endOutcome(journal: Journal, id: string): Promise<Outcome> {
  const node = journal.graph.find(id);
  if (node?.type === "result")
    return { ok: true, value: (await journal.unpack(node.result, node.blobs?.result)) ?? null };
  if (node?.type === "error")
    return { ok: false, error: { name: "ChildError", message: `${node.agentId}: ${toldToCode(node)}` } };
  if (node?.type === "call" && node.outcome?.ok === false) return node.outcome;
  return { ok: false, error: { name: "ChildError", message: `${id} is not the end of a query.` } };
}
