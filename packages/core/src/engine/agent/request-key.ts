import { agentState } from "../../data/graph/agent-state.ts";
import type { Graph } from "../../data/graph/graph.ts";
import { chainNodeId, effectKey } from "../../data/ids.ts";
import type { JsonSchema } from "../../data/json.ts";
import type { Environment } from "../../protocols/environment.ts";

/** What a provider is asked, its bound on output apart. */
export interface Question {
  readonly model: string;
  /** Digest of the messages. */
  readonly messages: string;
  readonly output: JsonSchema | undefined;
}

const DIGITS = 16;

/** The key of an agent's next request by its place in the chain. */
export function nextRequestKey(graph: Graph, agentId: string): string {
  const { runId, branch } = graph.run;
  return effectKey(runId, branch.id, chainNodeId(agentId, agentState(graph, agentId)?.shown ?? 0));
}

/** The beginning of a digest that distinguishes the questions asked from one place. */
export async function questionDigest(
  { model, messages, output }: Question,
  { digest }: Environment,
): Promise<string> {
  const all = await digest(JSON.stringify([model, messages, output ?? null]));
  return all.slice(0, DIGITS);
}

/** The idempotency key of a request: its place, and all that is sent. Another body never goes under the same key. */
export function idempotencyKey(place: string, question: string, maxOutputTokens: number): string {
  return `${place}.${question}.${maxOutputTokens}`;
}
