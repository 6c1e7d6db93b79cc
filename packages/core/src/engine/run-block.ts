import type { AgentState } from "../data/chain.ts";
import type { ActionNode } from "../data/node.ts";
import { RLMError } from "../errors.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import { driveBlock } from "./drive-block.ts";
import { endBlock, endLost, endUnrunnable } from "./end-block.ts";
import type { LiveBlock } from "./live-block.ts";
import { type LiveRepl, replayBefore } from "./repl-pool.ts";
import { replayBlock } from "./replay-block.ts";
import type { ActionVerdict } from "./settings.ts";

const MAX_REBUILDS = 3;

/** The transition from code to how its block ended or was suspended. */
export async function runBlock(
  port: AgentPort,
  state: AgentState,
  action: ActionNode,
): Promise<TransitionEnd> {
  const undecided =
    state.head.type === "action" && action.origin === "engine" && port.settings.onAction !== null;
  if (undecided && !(await approve(port, action))) return "moved";
  try {
    return await attempt(port, state, action);
  } catch (error) {
    if (port.signal.aborted || RLMError.is(error, "aborted")) throw error;
    await port.repls.drop(port.agentId);
    return await endUnrunnable(port, action, error);
  }
}

async function attempt(port: AgentPort, state: AgentState, action: ActionNode): Promise<TransitionEnd> {
  for (let rebuilds = 0; ; rebuilds++) {
    const repl = await port.repls.acquire(port.agentId, port.signal, rebuilds > 0);
    try {
      const block = await enter(port, repl, action);
      if (block !== repl.block && block.output !== "") port.hint({ type: "output", text: block.output });
      repl.block = block;
      const outcome = await driveBlock(port, block, state);
      if (outcome.kind !== "lost") {
        if (outcome.kind !== "suspended") repl.block = null;
        return await endBlock(port, state, block, outcome);
      }
      await port.repls.drop(port.agentId);
      const blamed = outcome.state.blame === "block" && block.action.id === action.id;
      if (blamed || rebuilds === MAX_REBUILDS) return await endLost(port, state, block, outcome.state);
    } finally {
      port.repls.release(repl);
    }
  }
}

/** Puts the REPL where the block stands: as it is, or by running what the log has. */
async function enter(port: AgentPort, repl: LiveRepl, action: ActionNode): Promise<LiveBlock> {
  if (repl.block?.action.id === action.id) return repl.block;
  const lost = repl.fresh ? await replayBefore(port.journal, repl, action.id) : null;
  return lost ?? (await replayBlock(port.journal, repl.session, action, port.running));
}

/** Asks the policy about code that is about to run; false when it has put a node of its own in its place. */
async function approve(port: AgentPort, action: ActionNode): Promise<boolean> {
  const verdict = await verdictOn(port, action);
  switch (verdict.kind) {
    case "run":
      return true;
    case "code": {
      const { id, agentId, parentId, n, endedAt, ...kept } = action;
      await port.journal.appendChain(port.agentId, [
        { ...kept, origin: "policy", code: verdict.code, notice: null, attempts: [], replaces: id },
      ]);
      return false;
    }
    case "refuse":
      await port.journal.appendChain(port.agentId, [
        { type: "observation", origin: "policy", content: `Your code was not run: ${verdict.reason}` },
      ]);
      return false;
  }
}

async function verdictOn(port: AgentPort, action: ActionNode): Promise<ActionVerdict> {
  try {
    return (await port.settings.onAction?.(action, port.journal.graph)) ?? { kind: "run" };
  } catch (error) {
    return {
      kind: "refuse",
      reason: `the approval failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
