import type { RunEvent } from "@rlmflow/core";

/** Prints a line when the root or a child of it ends: when, which one, how, and how many agents worked below it. */
export function progressOf(): (event: RunEvent) => void {
  const startedAt = performance.now();
  const below = new Map<string, number>();
  return (event) => {
    if (event.type !== "node") return;
    const { node } = event;
    const child = node.agentId.split(".").slice(0, 2).join(".");
    if (node.type === "query" && node.agentId !== child) below.set(child, (below.get(child) ?? 0) + 1);
    const fatal = node.type === "error" && node.fatal;
    if (node.agentId !== child || (node.type !== "result" && !fatal)) return;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const readers = below.get(child) ?? 0;
    const how = fatal ? `failed: ${node.message}` : "answered";
    console.log(
      `${seconds.padStart(6)} s  ${child} ${how}${readers === 0 ? "" : `, ${readers} ${readers === 1 ? "agent" : "agents"} below it`}`,
    );
  };
}
