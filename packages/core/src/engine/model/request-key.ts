import type { Graph } from "../../data/graph.ts";
import type { JsonSchema } from "../../data/json.ts";
import { chainNodeId, effectKey } from "../../data/node-id.ts";
import type { Message } from "../../protocols/client.ts";
import type { Environment } from "../../protocols/environment.ts";

/** What a provider is asked, its bound on output apart. */
export interface Question {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly output: JsonSchema | undefined;
}

/** What a question is known by. */
export interface QuestionDigest {
  /** SHA-256 of the messages alone. */
  readonly messages: string;
  /** The beginning of one of all of it. */
  readonly all: string;
}

const DIGITS = 16;

/**
 * The key of an agent's next request by its place in the chain. Edits of limits, of which the model is told nothing,
 * take no place: so a request that was in flight is the same when one of them has landed since.
 */
export function nextRequestKey(graph: Graph, agentId: string): string {
  const heard = graph.chain(agentId).filter((node) => {
    return node.type !== "observation" || node.edit?.kind !== "config" || node.content !== "";
  });
  const { runId, branch } = graph.run;
  return effectKey(runId, branch.id, chainNodeId(agentId, heard.length));
}

/** Tells questions apart that are asked from one place. */
export async function questionDigest(
  { model, messages, output }: Question,
  { digest }: Environment,
): Promise<QuestionDigest> {
  const ofMessages = await digest(JSON.stringify(messages));
  const ofAll = await digest(JSON.stringify([model, ofMessages, output ?? null]));
  return { messages: ofMessages, all: ofAll.slice(0, DIGITS) };
}

/** The idempotency key of a request: its place, and all that is sent. Another body never goes under the same key. */
export function idempotencyKey(place: string, { all }: QuestionDigest, maxOutputTokens: number): string {
  return `${place}.${all}.${maxOutputTokens}`;
}
