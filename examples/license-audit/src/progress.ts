import type { RunEvent } from "@rlmflow/core";

/** Prints a line when an agent ends: when, which one, and how. */
export function progressOf(): (event: RunEvent) => void {
  const startedAt = performance.now();
  let ended = 0;
  return (event) => {
    if (event.type !== "node") return;
    const { node } = event;
    const fatal = node.type === "error" && node.fatal;
    if (node.type !== "result" && !fatal) return;
    ended += 1;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const how = fatal ? `failed: ${node.message}` : "answered";
    console.log(`${seconds.padStart(6)} s  ${String(ended).padStart(3)}  ${node.agentId} ${how}`);
  };
}
