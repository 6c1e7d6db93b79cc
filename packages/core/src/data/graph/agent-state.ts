import type { AgentConfig } from "../agent-config.ts";
import { reopens } from "../may-open-again.ts";
import {
  type ActionNode,
  type ChainNode,
  type ErrorNode,
  endsAgent,
  type QueryNode,
  type ResultNode,
} from "../node.ts";
import type { Graph } from "./graph.ts";

/** Where an agent stands on its present query. Everything here is read off its chain, newest node first. */
export interface AgentState {
  /** The query it works on, or worked on last. */
  readonly query: QueryNode;
  /** The limits in force, later edits included. */
  readonly config: AgentConfig;
  /** Requests made for this query. */
  readonly iterations: number;
  /** Requests made for this and all earlier queries. */
  readonly replies: number;
  /**
   * Nodes of the chain, not counting edits of limits that the model is not shown. Such an edit may land while a
   * request is in flight, and the request keeps its place.
   */
  readonly shown: number;
  /** True when a person asked for the final answer. */
  readonly finalAsked: boolean;
  /** Epoch milliseconds from which the time limit counts: the query's beginning, or the edit that last set it. */
  readonly timedFrom: number;
  /** The newest node that is not an edit spoken into the chain: it decides what comes next. */
  readonly head: ChainNode;
}

/** What the nodes of a chain up to one of them come to. */
interface Fold extends AgentState {
  /** The head before this one: where an agent goes on whose runtime failed. */
  readonly headBefore: ChainNode;
  /** The place of that node. */
  readonly place: number;
}

/** The fold of a chain up to a node follows from the node before, and a node never changes: each is made once. */
const folds = new WeakMap<ChainNode, Fold>();

/** The agent's state, or `undefined` when it has no node yet. Takes time in the nodes added since it was last asked. */
export function agentState(graph: Graph, agentId: string): AgentState | undefined {
  const last = graph.chainLength(agentId) - 1;
  let place = last;
  let fold: Fold | undefined;
  for (; place >= 0 && fold === undefined; place--) {
    const node = graph.chainAt(agentId, place);
    fold = node === undefined ? undefined : folds.get(node);
  }
  for (place = fold === undefined ? 0 : fold.place + 1; place <= last; place++) {
    const node = graph.chainAt(agentId, place);
    if (node === undefined) return undefined;
    fold = foldNode(fold, node, place);
    if (fold === undefined) return undefined;
    folds.set(node, fold);
  }
  return fold;
}

function foldNode(before: Fold | undefined, node: ChainNode, place: number): Fold | undefined {
  if (node.type === "query") {
    const { replies = 0, shown = 0 } = before ?? {};
    const begun = { iterations: 0, finalAsked: false, timedFrom: node.startedAt };
    const counts = { replies, shown: shown + 1 };
    return { query: node, config: node.config, ...counts, ...begun, head: node, headBefore: node, place };
  }
  if (before === undefined) return undefined;
  if (isSpokenEdit(node)) return foldEdit(before, node, place);
  const replied = node.type === "action" && node.replaces === undefined ? 1 : 0;
  return {
    ...before,
    head: node,
    headBefore: before.head,
    iterations: before.iterations + replied,
    replies: before.replies + replied,
    shown: before.shown + 1,
    place,
  };
}

/** An edit changes what applies, not where the agent stands; but one of limits opens again what had ended for want of them. */
function foldEdit(before: Fold, node: ChainNode, place: number): Fold {
  const edit = node.type === "observation" ? node.edit : undefined;
  if (edit?.kind !== "config")
    return {
      ...before,
      shown: before.shown + 1,
      finalAsked: before.finalAsked || edit?.kind === "final",
      place,
    };
  const timedFrom = edit.config.maxDurationMs === undefined ? before.timedFrom : node.endedAt;
  const shown = before.shown + ("content" in node && node.content !== "" ? 1 : 0);
  const after = { ...before, config: { ...before.config, ...edit.config }, shown, timedFrom, place };
  if (!reopens(node, before.head)) return after;
  // A block that the runtime could not run is still to be run.
  const isBlockLeft = before.head.type === "error" && before.head.kind === "runtime_failed";
  return { ...after, finalAsked: false, head: isBlockLeft ? before.headBefore : node };
}

function isSpokenEdit(node: ChainNode): boolean {
  return node.type === "observation" && node.edit !== undefined;
}

/** The node with which a delegated query ended, or `undefined` while it has not. `callId` is the delegating call. */
export function queryEnd(graph: Graph, agentId: string, callId: string): ResultNode | ErrorNode | undefined {
  let last: ChainNode | undefined;
  for (let place = graph.chainLength(agentId) - 1; place >= 0; place--) {
    const node = graph.chainAt(agentId, place);
    if (node === undefined) return undefined;
    last ??= node;
    if (node.type !== "query") continue;
    if (node.parentId === callId) return endsAgent(last) ? last : undefined;
    last = undefined;
  }
  return undefined;
}

/** One block that belongs to the REPL's history: an action whose code was run and not undone. */
export function ranBlocks(chain: readonly ChainNode[]): readonly ActionNode[] {
  const dropped = new Set(chain.map((node) => (node.type === "error" ? node.dropped : undefined)));
  const ran: ActionNode[] = [];
  let action: ActionNode | undefined;
  for (const node of chain) {
    if (node.type === "action") action = node;
    else if (action !== undefined && "block" in node && node.block !== undefined) {
      if (!dropped.has(action.id) && ran.at(-1) !== action) ran.push(action);
    }
  }
  return ran;
}
