import type { ReplSession } from "../../protocols/runtime.ts";
import type { IdleRepl } from "../resources/repl-permits.ts";
import type { LiveBlock } from "./live-block.ts";

/** An agent's REPL that is alive. */
export interface LiveRepl extends IdleRepl {
  readonly agentId: string;
  readonly session: ReplSession;
  /** True until the blocks that the log has for the agent were run in it. */
  fresh: boolean;
  /** The block that is suspended in it. */
  block: LiveBlock | null;
}
