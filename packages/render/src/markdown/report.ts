import type { Graph } from "@rlmflow/core";
import { counted } from "@rlmflow/core/driver";
import { plainText } from "../text/plain-text.ts";
import { formatCounted } from "../text/quantities.ts";
import { nodeMarkdown, type ReadBlob } from "./node-markdown.ts";

/** The run below an agent as a Markdown report, with every node of it whole: an agent after the one that asked it. */
export async function* report(graph: Graph, root: string, blob: ReadBlob): AsyncGenerator<string> {
  yield `# Run ${graph.run.runId}, branch ${graph.branch}\n\n`;
  const pending = [root];
  for (let agentId = pending.pop(); agentId !== undefined; agentId = pending.pop()) {
    const { input, output, requests } = graph.ownUsage(agentId);
    const tokens = `${formatCounted(input + output, "token")} in ${counted(requests, "request")} of its own`;
    yield `## ${agentId}\n\n${tokens}\n\n`;
    for (const node of graph.chain(agentId)) {
      yield `${await nodeMarkdown(node, blob)}\n\n`;
      if (node.type !== "action") continue;
      for (const call of graph.calls(node.id)) yield `${await nodeMarkdown(call, blob)}\n\n`;
    }
    pending.push(...graph.children(agentId).toReversed());
  }
}

/** The code of the agents below one, in the order in which it was written: each block whole, under its node's id. */
export function* codeListing(graph: Graph, root: string): Generator<string> {
  for (const node of graph.walk()) {
    if (node.type !== "action" || node.code === null || !isWithin(node.agentId, root)) continue;
    const by = node.origin === "engine" ? "" : `, by a ${node.origin} in place of ${node.replaces ?? "it"}`;
    const mark = graph.chainAt(node.agentId, 0);
    const comment = mark?.type === "query" && /python/i.test(mark.language.name) ? "#" : "//";
    yield `${comment} ${node.id}${by}\n${plainText(node.code).trimEnd()}\n\n`;
  }
}

function isWithin(agentId: string, root: string): boolean {
  return agentId === root || agentId.startsWith(`${root}.`);
}
