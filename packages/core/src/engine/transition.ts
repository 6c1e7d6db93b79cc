import type { Move } from "../turn/plan.ts";
import type { AgentPort, TransitionEnd } from "./agent-port.ts";
import { runBlock } from "./block/run-block.ts";
import { askModel, endExhausted } from "./model/ask-model.ts";

/** Makes one move of one agent: a function of the agent, its log and the port. */
export async function transition(port: AgentPort, move: Move): Promise<TransitionEnd> {
  switch (move.kind) {
    case "request":
      return await askModel(port, move.state, move.final);
    case "exhausted":
      return await endExhausted(port, move.state, move.limit);
    case "run":
    case "resume":
      return await runBlock(port, move.state, move.action);
  }
}
