import type { Graph } from "../../data/graph/graph.ts";
import { parentAgent } from "../../data/ids.ts";
import { mayOpenAgain } from "../../data/may-open-again.ts";
import { endsAgent, type RunNode } from "../../data/node.ts";
import { sentence, sentences } from "../../data/words.ts";
import { RLMError } from "../../errors.ts";
import type { PayloadReader } from "../../protocols/store.ts";
import { blobsOf } from "./trace.ts";

const MOST_NAMED = 10;

/**
 * Checks that all payloads are there and whole that these agents of a graph go on with, unless given those that
 * have not ended or may be opened again. Rejects with `damaged_log`, naming the nodes, so that nobody pays first.
 */
export async function checkPayloads(
  graph: Graph,
  payloads: PayloadReader,
  agents: readonly string[] = graph.agents().filter((agentId) => mayGoOn(graph, agentId)),
): Promise<void> {
  const checked = new Map<string, Promise<string | null>>();
  const lost: string[] = [];
  for (const node of agents.flatMap((agentId) => graph.log(agentId))) {
    for (const [digest, read] of readsOf(node, payloads)) {
      const known = checked.get(digest) ?? read().then(() => null, messageOf);
      checked.set(digest, known);
      const reason = await known;
      if (reason !== null) lost.push(sentence(`${node.id} needs what is lost: ${reason}`));
    }
  }
  if (lost.length === 0) return;
  const more = lost.length > MOST_NAMED ? `And ${lost.length - MOST_NAMED} more.` : "";
  const message = sentences(
    `Run ${graph.run.runId} branch ${graph.branch} can't go on: ${lost.slice(0, MOST_NAMED).join(" ")}`,
    more,
    "Nothing was asked. Restore the files from a copy, or see rlmflow doctor.",
  );
  throw new RLMError("damaged_log", message, { details: { lost } });
}

function readsOf(node: RunNode, payloads: PayloadReader) {
  const contexts = node.type === "query" ? node.contexts : [];
  return [
    ...blobsOf(node).map(({ digest }) => [digest, () => payloads.getBlob(digest)] as const),
    ...contexts.map(({ digest }) => [digest, () => payloads.openContext(digest)] as const),
  ];
}

/** True for an agent that has not ended, and for one that an edit may open again: somebody still hears of its end. */
function mayGoOn(graph: Graph, agentId: string): boolean {
  const head = graph.head(agentId);
  if (head === undefined) return false;
  if (!endsAgent(head)) return true;
  if (!mayOpenAgain(head)) return false;
  const parent = graph.head(parentAgent(agentId) ?? "");
  return parent === undefined || !endsAgent(parent);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
