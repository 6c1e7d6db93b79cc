import type { AgentConfig } from "./agent-config.ts";
import type { Graph } from "./graph.ts";
import {
  type ActionNode,
  type ChainNode,
  type ErrorNode,
  endsAgent,
  type QueryNode,
  type ResultNode,
} from "./node.ts";

/** Where an agent stands on its present task. Everything here is read off its chain, newest node first. */
export interface AgentState {
  /** The task it works on, or worked on last. */
  readonly query: QueryNode;
  /** The limits in force, later edits included. */
  readonly config: AgentConfig;
  /** Requests made for this task. */
  readonly iterations: number;
  /** Requests made for this and all earlier tasks. */
  readonly replies: number;
  /** True when a person asked for the final answer. */
  readonly finalAsked: boolean;
  /** The newest node that is not an edit spoken into the chain: it decides what comes next. */
  readonly head: ChainNode;
}

/** The agent's state, or `undefined` when it has no node yet. Time grows with the nodes of the present task. */
export function agentState(graph: Graph, agentId: string): AgentState | undefined {
  let head: ChainNode | undefined;
  const patches: Partial<AgentConfig>[] = [];
  let iterations = 0;
  let finalAsked = false;
  for (let place = graph.chainLength(agentId) - 1; place >= 0; place--) {
    const node = graph.chainAt(agentId, place);
    if (node === undefined) break;
    if (!isSpokenEdit(node)) head ??= node;
    if (node.type === "query") {
      return {
        query: node,
        config: patches.length === 0 ? node.config : Object.assign({}, node.config, ...patches.reverse()),
        iterations,
        replies: iterations + earlierReplies(graph, agentId, place),
        finalAsked,
        head: head ?? node,
      };
    }
    if (node.type === "action" && node.replaces === undefined) iterations += 1;
    if (node.type === "observation" && node.edit?.kind === "config") patches.push(node.edit.config);
    if (node.type === "observation" && node.edit?.kind === "final") finalAsked = true;
  }
  return undefined;
}

function earlierReplies(graph: Graph, agentId: string, before: number): number {
  let replies = 0;
  for (let place = 0; place < before; place++) {
    const node = graph.chainAt(agentId, place);
    if (node?.type === "action" && node.replaces === undefined) replies += 1;
  }
  return replies;
}

function isSpokenEdit(node: ChainNode): boolean {
  return node.type === "observation" && node.edit !== undefined;
}

/** The node with which a delegated task ended, or `undefined` while it has not. `callId` is the delegating call. */
export function taskEnd(graph: Graph, agentId: string, callId: string): ResultNode | ErrorNode | undefined {
  let end: ResultNode | ErrorNode | undefined;
  for (let place = graph.chainLength(agentId) - 1; place >= 0; place--) {
    const node = graph.chainAt(agentId, place);
    if (node === undefined) return undefined;
    if (endsAgent(node)) end = node;
    if (node.type !== "query") continue;
    if (node.parentId === callId) return end;
    end = undefined;
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
