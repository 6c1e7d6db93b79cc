import { ROOT } from "../ids.ts";
import type { ChainNode } from "../node.ts";
import type { UsageTotal } from "../usage.ts";
import { counted } from "../words.ts";

/** What drawing a tree needs of a graph. */
export interface TreeView {
  chain(agentId: string): readonly ChainNode[];
  children(agentId: string): readonly string[];
  usage(agentId: string): UsageTotal;
}

const MAX_LABEL = 100;

/** The run as indented text: one line an agent, one line a node, children below the agent that delegated. */
export function renderTree(graph: TreeView): string {
  const lines: string[] = [];
  const pending = graph.chain(ROOT).length > 0 ? [{ agentId: ROOT, indent: "" }] : [];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { agentId, indent } = next;
    const usage = graph.usage(agentId);
    lines.push(
      `${indent}${agentId}  ${counted(usage.input + usage.output, "token")} in ${counted(usage.requests, "request")}`,
    );
    for (const node of graph.chain(agentId)) lines.push(`${indent}  ${describe(node)}`);
    const children = graph.children(agentId).map((child) => ({ agentId: child, indent: `${indent}    ` }));
    pending.push(...children.reverse());
  }
  return lines.join("\n");
}

function describe(node: ChainNode): string {
  const place = node.id.slice(node.id.indexOf("#"));
  return `${place} ${node.type}  ${label(node)}  ${((node.endedAt - node.startedAt) / 1000).toFixed(1)}s`;
}

function label(node: ChainNode): string {
  switch (node.type) {
    case "query":
      return oneLine(node.query);
    case "action":
      return oneLine(node.code ?? node.reply);
    case "observation":
    case "resume":
      return oneLine(node.content);
    case "supervising":
      return node.waits.length === 0
        ? "still waits"
        : `waits for ${counted(node.waits.flatMap((wait) => wait.agents).length, "agent")}`;
    case "error":
      return `${node.kind}${node.fatal ? " (fatal)" : ""}: ${oneLine(node.message)}`;
    case "result":
      return oneLine(JSON.stringify(node.result));
  }
}

function oneLine(text: string): string {
  const flat = text
    .slice(0, 4 * MAX_LABEL)
    .replace(/\s+/g, " ")
    .trim();
  return flat.length > MAX_LABEL ? `${flat.slice(0, MAX_LABEL - 1).toWellFormed()}…` : flat;
}
