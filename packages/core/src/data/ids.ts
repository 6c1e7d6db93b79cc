/** The agent every run begins with. */
export const ROOT = "root";

/** Id of the chain node at this place of the agent's chain: `root.scan#3`. */
export function chainNodeId(agentId: string, place: number): string {
  return `${agentId}#${place}`;
}

/** The place in its chain that a chain node's id names. */
export function chainPlace(id: string): number {
  return Number(id.slice(id.lastIndexOf("#") + 1));
}

/** Id of a call of the block in this action: `root#3/0`. */
export function callNodeId(actionId: string, index: number): string {
  return `${actionId}/${index}`;
}

/** Id of the note that a call which must not be repeated is about to be made. */
export function intentNodeId(actionId: string, index: number): string {
  return `${callNodeId(actionId, index)}.intent`;
}

/** The key under which an effect is known outside: `runId/branchId/nodeId`. */
export function effectKey(runId: string, branchId: string, nodeId: string): string {
  return `${runId}/${branchId}/${nodeId}`;
}

/** The agent that delegated to this one, or `null` for the root. */
export function parentAgent(agentId: string): string | null {
  const dot = agentId.lastIndexOf(".");
  return dot < 0 ? null : agentId.slice(0, dot);
}

const MAX_NAME = 64;

/**
 * A child's name made safe for ids, paths and markup: 1 to 64 letters, digits, `_` and `-`.
 * Anything else becomes `_`; a name that has nothing usable becomes `agent`.
 */
export function cleanAgentName(name: string): string {
  const cleaned = name
    .normalize("NFC")
    .slice(0, 4 * MAX_NAME)
    .replace(/[^\p{L}\p{N}_-]+/gu, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, MAX_NAME)
    // Half of a pair may be left at the end.
    .replace(/[\uD800-\uDBFF]$/, "");
  return cleaned === "" ? "agent" : cleaned;
}

const RUN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/;

/** True for what may be the id of a run or branch: part of effect keys, and the name of a folder. */
export function isRunName(name: string): boolean {
  return RUN_NAME.test(name) && !name.includes("..");
}
