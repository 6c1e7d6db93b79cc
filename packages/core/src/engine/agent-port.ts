import type { AgentState } from "../data/chain.ts";
import type { Attempt, CallNode, QueryNode } from "../data/node.ts";
import type { ChildPlan, DelegateRequest } from "../turn/delegate.ts";
import type { Arrivals } from "./block/arrivals.ts";
import type { WaitTable } from "./block/wait-table.ts";
import type { Budget } from "./model/budget.ts";
import type { Conversation } from "./model/conversation.ts";
import type { ReplPool } from "./repl/repl-pool.ts";
import type { Hint } from "./run-event.ts";
import type { ResolvedSchema } from "./schema/schema.ts";
import type { FlowSettings } from "./settings.ts";
import type { Journal } from "./store/journal.ts";

/** How one transition of an agent ended. No promise outlives it: going on is another transition. */
export type TransitionEnd = "moved" | "waiting" | "ended";

/** A child as its parent's `delegate` call describes it. */
export interface Birth {
  readonly delegation: CallNode;
  readonly plan: ChildPlan;
  readonly request: DelegateRequest;
  readonly parent: AgentState;
}

/**
 * All that one agent's transition may touch. A transition reads the log through the journal, starts
 * effects and hears of them one at a time through `arrivals`, and appends to its own agent only;
 * `spawn` is idempotent by the child's id. Nothing else of the world is within its reach.
 */
export interface AgentPort {
  readonly agentId: string;
  readonly settings: FlowSettings;
  readonly journal: Journal;
  readonly repls: ReplPool;
  readonly arrivals: Arrivals;
  readonly budget: Budget;
  /** Aborts when the agent is cancelled, the run is aborted or its time is up. */
  readonly signal: AbortSignal;
  /** Aborts when the run is paused: what was not sent yet is not sent. */
  readonly restSignal: AbortSignal;
  /** Effects of the running block in flight, by call index; they outlive a lost sandbox. */
  readonly running: Set<number>;
  /** Aborts with `signal`, and when nobody will take the answers of the block's calls any more. */
  readonly effectSignal: AbortSignal;
  /** Sub-LLM queries of the running block in flight. */
  readonly queries: Set<Promise<void>>;
  /** Requests for replies that were cut. */
  readonly cut: Attempt[];
  /** The messages of earlier requests, and their digest. */
  readonly conversation: Conversation;
  /** Cuts the calls in flight and takes the attempts of requests whose answers nobody will take any more. */
  unrecorded(): Promise<readonly Attempt[]>;
  /** Actions whose blocks another process may have begun; each is taken out when its block goes on here. */
  readonly takenUp: Set<string>;
  /** Children of the whole run that were promised and whose query is not in the log yet. */
  readonly beingBorn: Set<string>;
  /** The schema an answer to this query must fit, or `null` for any. */
  schemaOf(query: QueryNode): ResolvedSchema | null;
  /** Gives a child its first or a further task, by appending its query. */
  spawn(birth: Birth): Promise<void>;
  /** Says which waits the agent is about to be suspended on. */
  park(waits: WaitTable): void;
  /** Cancels every unfinished agent below this one, or below the named children of it. */
  cancelBelow(reason: string, children?: readonly string[]): Promise<void>;
  /** Says what the agent failed of, which the log keeps only in words. */
  failed(error: unknown): void;
  /** Text as it arrives from the model or is written by code; a hint for people, not part of the record. */
  hint(hint: Hint): void;
}
