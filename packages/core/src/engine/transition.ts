import type { Move } from "../turn/plan.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import { endUnrunnable } from "./block/end-block.ts";
import { runBlock } from "./block/run-block.ts";
import { askModel, endExhausted } from "./model/ask-model.ts";

/** Makes one move of one agent: a function of the agent, its log and the port. */
export async function transition(port: AgentPort, move: Move): Promise<TransitionEnd> {
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
    await port.repls.prove(port.agentId, port.signal);
    return null;
  } catch (error) {
    if (port.signal.aborted || port.journal.failure !== null) throw error;
    return await endUnrunnable(port, `No REPL could be opened for ${port.agentId}`, error);
  }
}
