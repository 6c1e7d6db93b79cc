import { blobsOf, endsAgent, type Graph, type PayloadStore, RLMError, type RunNode } from "@rlmflow/core";

/** Reads payloads, as far as it takes to know that they are there and whole. */
export type PayloadReader = Pick<PayloadStore, "getBlob" | "openContext">;

const MOST_NAMED = 10;

/**
 * Checks that all payloads are there and whole which agents of a graph go on with that have not ended, or only at a limit. Rejects with
 * `damaged_log`, naming the nodes, so that nobody pays for a request first.
 */
export async function checkPayloads(graph: Graph, payloads: PayloadReader): Promise<void> {
  const checked = new Map<string, Promise<string | null>>();
  const lost: string[] = [];
  for (const agentId of graph.agents()) {
    const head = graph.head(agentId);
    if (head === undefined || (endsAgent(head) && !mayOpenAgain(head))) continue;
    for (const node of graph.log(agentId)) {
      const contexts = node.type === "query" ? node.contexts : [];
      const reads = [
        ...blobsOf(node).map(({ digest }) => [digest, () => payloads.getBlob(digest)] as const),
        ...contexts.map(({ digest }) => [digest, () => payloads.openContext(digest)] as const),
      ];
      for (const [digest, read] of reads) {
        const known = checked.get(digest) ?? read().then(() => null, messageOf);
        checked.set(digest, known);
        const reason = await known;
        if (reason !== null) lost.push(`${node.id} needs what is lost: ${reason}`);
      }
    }
  }
  if (lost.length === 0) return;
  const more = lost.length > MOST_NAMED ? ` And ${lost.length - MOST_NAMED} more.` : "";
  throw new RLMError(
    "damaged_log",
    `Run ${graph.run.runId} branch ${graph.branch} can't go on: ${lost.slice(0, MOST_NAMED).join(" ")}${more} Nothing was asked. Restore the files from a copy, or see rlmflow doctor.`,
    { details: { lost } },
  );
}

/** A raised limit lets the agent go on that had reached it. */
function mayOpenAgain(head: RunNode): boolean {
  return head.type === "error" && head.kind === "limit_reached";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
