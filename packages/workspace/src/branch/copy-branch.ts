import type { Graph, RunNode } from "@rlmflow/core";
import { blobsOf, type PayloadStore, type RunStores } from "@rlmflow/core/store";

/** UTF-16 units of a context that are copied at a time. */
const PIECE = 1 << 16;

/**
 * Copies a graph with its payloads into other stores, payloads first. Rejects with `already_exists` where that
 * branch is there.
 */
export async function copyBranch(
  graph: Graph,
  from: Pick<PayloadStore, "getBlob" | "openContext">,
  to: RunStores,
): Promise<void> {
  const store = await to.forkRun(graph.run, []);
  try {
    const copied = new Set<string>();
    const nextN = new Map<string, number>();
    for (const node of graph.walk()) {
      await copyPayloads(node, copied, from, store.payloads);
      const n = nextN.get(node.agentId) ?? 0;
      await store.append(node.agentId, n, [node]);
      nextN.set(node.agentId, n + 1);
    }
  } finally {
    await store.close();
  }
}

async function copyPayloads(
  node: RunNode,
  copied: Set<string>,
  from: Pick<PayloadStore, "getBlob" | "openContext">,
  to: PayloadStore,
): Promise<void> {
  for (const { digest } of blobsOf(node)) {
    if (copied.has(digest)) continue;
    copied.add(digest);
    await to.putBlob(await from.getBlob(digest));
  }
  for (const { digest } of node.type === "query" ? node.contexts : []) {
    if (copied.has(digest)) continue;
    copied.add(digest);
    await to.putContext(pieces(await from.openContext(digest)));
  }
}

async function* pieces(context: Awaited<ReturnType<PayloadStore["openContext"]>>): AsyncGenerator<string> {
  let start = 0;
  while (start < context.characters) {
    let text = context.read(start, Math.min(context.characters, start + PIECE));
    // A surrogate pair is not taken apart.
    if (/[\ud800-\udbff]$/.test(text) && text.length > 1) text = text.slice(0, -1);
    yield text;
    start += text.length;
  }
}
