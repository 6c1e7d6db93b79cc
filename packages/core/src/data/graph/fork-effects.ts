import { parentAgent } from "../ids.ts";
import type { CallNode, ErrorNode, QueryNode, RunNode } from "../node.ts";
import type { Graph } from "./graph.ts";

interface AgentTrace {
  /** The query it works on, or worked on last. */
  query: QueryNode | null;
  /** How that query ended; `null` while it has not. */
  end: RunNode | null;
  /** How its newest query that has ended did. */
  lastEnd: RunNode | null;
  /** The ends of its children since it ended last itself, which do not count yet. */
  childEnds: RunNode[];
  readonly children: string[];
}

/**
 * What every node brought about in other agents. Within an agent each node follows from the one before, so
 * that is not listed. Takes time and room in the number of nodes.
 *
 * 1. A query follows from the `delegate` call that gave it.
 * 2. A `wait` call follows from the ends it delivers.
 * 3. A `delegate` call that gives a child a further query follows from the end of the query before.
 * 4. A child is cancelled because its parent ended or because the block that delegated to it was undone.
 * 5. An agent's end follows from the ends of its children, those that landed behind it included: one that has
 *    ended has nobody at work below it.
 */
export function forkEffects(graph: Graph): ReadonlyMap<string, readonly RunNode[]> {
  const walk = new EffectWalk();
  for (const node of graph.walk()) walk.take(node);
  return walk.effects;
}

class EffectWalk {
  readonly effects = new Map<string, RunNode[]>();
  readonly #agents = new Map<string, AgentTrace>();
  /** The error that says that a block was undone, by its action. */
  readonly #undone = new Map<string, ErrorNode>();

  take(node: RunNode): void {
    switch (node.type) {
      case "query":
        this.#query(node);
        break;
      case "call":
        this.#call(node);
        break;
      case "result":
        this.#end(node);
        break;
      case "error":
        if (node.dropped !== undefined) this.#undone.set(node.dropped, node);
        if (node.fatal) this.#end(node);
        break;
      case "action":
      case "observation":
      case "supervising":
      case "resume":
        // A raised limit opens an agent again that the limit had ended.
        this.#agent(node.agentId).end = null;
        break;
    }
  }

  #query(node: QueryNode): void {
    const agent = this.#agent(node.agentId);
    const parentId = parentAgent(node.agentId);
    if (node.parentId !== null && parentId !== null) {
      this.#link(node.parentId, node);
      if (agent.query === null) this.#agent(parentId).children.push(node.agentId);
    }
    agent.query = node;
    agent.end = null;
  }

  #call(node: CallNode): void {
    if (node.name === "wait") for (const id of this.#delivered(node)) this.#link(id, node);
    if (node.name !== "delegate" || node.outcome?.ok !== true) return;
    const before = this.#agents.get(String(node.outcome.value))?.lastEnd;
    if (before !== undefined && before !== null) this.#link(before.id, node);
  }

  /** Ids of the ends a wait delivered; where they lie in a blob, of every end it can have delivered. */
  #delivered({ agentId, outcome, args, blobs }: CallNode): readonly string[] {
    if (outcome?.ok === true && Array.isArray(outcome.value)) return outcome.value.map(String);
    if (blobs?.outcome === undefined) return [];
    const agents = args === null ? this.#agent(agentId).children : args.map(String);
    return agents.flatMap((id) => this.#agents.get(id)?.lastEnd?.id ?? []);
  }

  #end(node: RunNode): void {
    const agent = this.#agent(node.agentId);
    for (const end of agent.childEnds) this.#link(end.id, node);
    agent.childEnds = [];
    agent.end = node;
    agent.lastEnd = node;
    const parentId = parentAgent(node.agentId);
    if (parentId === null) return;
    const parent = this.#agent(parentId);
    const undone = this.#undone.get(agent.query?.parentId?.split("/", 1)[0] ?? "");
    const cause = undone ?? parent.end;
    if (node.type === "error" && node.kind === "cancelled" && cause !== null) this.#link(cause.id, node);
    // What was in flight when the parent ended may land behind its end.
    if (parent.end !== null) this.#link(node.id, parent.end);
    else parent.childEnds.push(node);
  }

  #agent(agentId: string): AgentTrace {
    let agent = this.#agents.get(agentId);
    if (agent === undefined) {
      agent = { query: null, end: null, lastEnd: null, childEnds: [], children: [] };
      this.#agents.set(agentId, agent);
    }
    return agent;
  }

  #link(cause: string, effect: RunNode): void {
    const effects = this.effects.get(cause);
    if (effects === undefined) this.effects.set(cause, [effect]);
    else effects.push(effect);
  }
}
