import { isBrokenInvariant } from "../../invariant.ts";
import { type Gap, type Move, nextMove } from "../../rules/next-move.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import { askModel, endExhausted } from "./ask-model.ts";
import { endUnrunnable } from "./end-block.ts";
import { runBlock } from "./run-block.ts";

/**
 * Makes the agent's next transition; `null` when it has none, because it has ended or has no query. `gap` is a time in
 * which nobody worked on the run: time limits leave it out.
 */
export function advance(port: AgentPort, gap: Gap | null = null): Promise<TransitionEnd> | null {
  const { graph, environment } = port.journal;
  const move = nextMove(graph, port.agentId, environment.now(), gap);
  return move === undefined ? null : transition(port, move);
}

/** Makes one move of one agent: a function of the agent, its log and the port. */
async function transition(port: AgentPort, move: Move): Promise<TransitionEnd> {
  if (port.journal.failure !== null) throw port.journal.failure;
  switch (move.kind) {
    case "request":
      return (await replFailed(port)) ?? (await askModel(port, move.state, move.final));
    case "exhausted":
      return await endExhausted(port, move.state, move.limit);
    case "run":
    case "resume":
      return await runBlock(port, move.state, move.action);
  }
}

/** Before a request is paid for: how the agent ends when its runtime can't open a REPL, `null` when it can. */
async function replFailed(port: AgentPort): Promise<TransitionEnd | null> {
  try {
    await port.repls.prove(port.agentId, port.signals.stop);
    return null;
  } catch (error) {
    if (port.signals.stop.aborted || port.journal.failure !== null || isBrokenInvariant(error)) throw error;
    return await endUnrunnable(port, `No REPL could be opened for ${port.agentId}`, error);
  }
}
