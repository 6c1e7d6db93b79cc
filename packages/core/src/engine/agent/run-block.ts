import type { AgentState } from "../../data/graph/agent-state.ts";
import { callNodeId, intentNodeId } from "../../data/ids.ts";
import type { ActionNode } from "../../data/node.ts";
import { sentences } from "../../data/words.ts";
import { RLMError } from "../../errors.ts";
import { isBrokenInvariant } from "../../invariant.ts";
import type { ActivationState } from "../../protocols/runtime.ts";
import { untilAborted } from "../environment/until-aborted.ts";
import type { LiveBlock } from "../repl/live-block.ts";
import type { LiveRepl } from "../repl/live-repl.ts";
import { replayBefore } from "../repl/repl-pool.ts";
import { replayBlock } from "../repl/replay-block.ts";
import type { ActionVerdict } from "../resources/settings.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import { driveBlock } from "./drive-block.ts";
import { endBlock, endUnrunnable } from "./end-block.ts";
import { endLost } from "./end-lost.ts";

const MAX_REBUILDS = 3;

/** The transition from code to how its block ended or was suspended. */
export async function runBlock(
  port: AgentPort,
  state: AgentState,
  action: ActionNode,
): Promise<TransitionEnd> {
  const undecided =
    state.head.type === "action" && action.origin === "engine" && port.settings.onAction !== null;
  if (undecided && !(await approve(port, action))) return { kind: "moved" };
  try {
    return await attempt(port, state, action);
  } catch (error) {
    if (port.signals.stop.aborted || port.journal.failure !== null || isBrokenInvariant(error)) throw error;
    await port.repls.drop(port.agentId);
    return await endUnrunnable(port, `The block ${action.id} could not be run`, error);
  }
}

async function attempt(port: AgentPort, state: AgentState, action: ActionNode): Promise<TransitionEnd> {
  for (let rebuilds = 0; ; rebuilds++) {
    const repl = await port.repls.acquire(port.agentId, port.signals.stop, rebuilds > 0);
    try {
      const block = await enter(port, repl, action);
      if (block !== repl.block && block.output !== "") port.tell({ type: "output", text: block.output });
      repl.block = block;
      const outcome = await driveBlock(port, block, state);
      if (outcome.kind !== "lost") {
        if (outcome.kind !== "suspended") repl.block = null;
        return await endBlock(port, state, block, outcome);
      }
      await port.repls.drop(port.agentId);
      const isThis = block.action.id === action.id;
      if (isThis && (outcome.state.blame === "block" || rebuilds === MAX_REBUILDS))
        return await endLost(port, state, block, outcome.state);
      if (rebuilds === MAX_REBUILDS) throw notRebuilt(block, outcome.state);
    } finally {
      port.repls.release(repl);
    }
  }
}

/** An earlier block can't be undone any more: what came after it was run with its variables. */
function notRebuilt(block: LiveBlock, lost: Extract<ActivationState, { kind: "lost" }>): RLMError {
  const what = `the REPL could not be rebuilt, its sandbox was lost ${MAX_REBUILDS + 1} times in the earlier block ${block.action.id}: ${lost.message}`;
  // The block ended when it ran first, so it is no endless one.
  const limit = lost.limit?.unit === "ms" ? lost.limit.name : null;
  const advice =
    limit === null
      ? ""
      : `This machine may be slower than the one that ran it, or busy: resume on another, or with a larger ${limit}.`;
  return new RLMError("sandbox_lost", sentences(what, advice));
}

/** Puts the REPL where the block stands: as it is, or by running what the log has. */
async function enter(port: AgentPort, repl: LiveRepl, action: ActionNode): Promise<LiveBlock> {
  if (repl.block?.action.id === action.id) return repl.block;
  const warn = (message: string) => port.tell({ type: "warning", message });
  const lost = repl.fresh ? await replayBefore(port.journal, repl, action.id, warn) : null;
  if (lost !== null) return lost;
  const { inFlight } = port;
  const block = await replayBlock(port.journal, repl.session, action, inFlight.running);
  if (inFlight.interrupted === action.id) tellRepeated(port, block);
  inFlight.interrupted = null;
  return block;
}

/** Calls that another process may have had in flight: they are about to be made, those with an intent excepted. */
function tellRepeated(port: AgentPort, block: LiveBlock): void {
  for (const call of block.issued) {
    const builtin = call.name === "delegate" || call.name === "wait" || call.name === "done";
    const begun = port.journal.graph.find(intentNodeId(block.action.id, call.index)) !== undefined;
    if (builtin || begun || block.settled.has(call.index)) continue;
    port.tell({ type: "repeated", callId: callNodeId(block.action.id, call.index), name: call.name });
  }
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
  const ask = async () => await port.settings.onAction?.(action, port.journal.graph);
  try {
    return readVerdict(await untilAborted(ask(), port.signals.stop, `onAction looked at ${action.id}`));
  } catch (error) {
    if (port.signals.stop.aborted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "refuse", reason: `the approval failed: ${message}` };
  }
}

/** A policy decides or fails: what is no verdict never runs code. */
function readVerdict(verdict: ActionVerdict | undefined): ActionVerdict {
  switch (verdict?.kind) {
    case "run":
      return verdict;
    case "code":
      if (typeof verdict.code === "string") return verdict;
      break;
    case "refuse":
      return { kind: "refuse", reason: String(verdict.reason) };
  }
  throw new RLMError(
    "invalid_options",
    'onAction must answer { kind: "run" }, { kind: "code", code } or { kind: "refuse", reason }',
  );
}
