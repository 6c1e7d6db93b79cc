import type { AgentState } from "../../data/graph/agent-state.ts";
import type { CallNode, QueryNode } from "../../data/node.ts";
import type { ChatOptions, Message } from "../../protocols/client.ts";
import type { Tool, ToolContext } from "../../protocols/tool.ts";
import type { ChildPlan, DelegateRequest } from "../../rules/delegate.ts";
import type { ResolvedSchema } from "../../schema/schema.ts";
import type { LiveRepl } from "../repl/live-repl.ts";
import type { WaitTable } from "../repl/wait-table.ts";
import type { Amount, Held, Shortage } from "../resources/budget.ts";
import type { Answered, Retry } from "../resources/provider.ts";
import type { Release } from "../resources/semaphore.ts";
import type { AgentSettings } from "../resources/settings.ts";
import type { Journal } from "../store/journal.ts";
import type { ChainDraft } from "../store/node-draft.ts";
import type { InFlight } from "./in-flight.ts";
import type { AgentNews } from "./run-event.ts";

/** How one transition of an agent ended. No promise outlives it: going on is another transition. */
export type TransitionEnd =
  /** The agent can move again. */
  | { readonly kind: "moved" }
  /** Its block is suspended on these waits. */
  | { readonly kind: "waiting"; readonly waits: WaitTable }
  | { readonly kind: "ended" };

/** A child as its parent's `delegate` call describes it. */
export interface Delegation {
  readonly call: CallNode;
  readonly plan: ChildPlan;
  readonly request: DelegateRequest;
  readonly parent: AgentState;
}

/**
 * All that one agent's transition may touch. It may run in a process that holds nothing else of the run than what is
 * here: a driver, local or distributed, makes a port for each transition.
 */
export interface AgentPort {
  readonly agentId: string;
  /** Reads and extends the agent's log. Holds at least that log, and the queries and ends of the agent's children. */
  readonly journal: Journal;
  /** What the options of the flow say about the agent. */
  readonly settings: AgentSettings;
  readonly signals: Signals;
  /** What the agent has begun and not heard of yet. */
  readonly inFlight: InFlight;
  readonly repls: Repls;
  readonly effects: Effects;
  readonly children: Children;
  /** The schema that an answer to this query must fit, or `null` for any. */
  schemaOf(query: QueryNode): ResolvedSchema | null;
  /** Reports what is not on record to whoever looks on. */
  tell(news: AgentNews): void;
}

/** When a transition has to stop. */
export interface Signals {
  /** Aborts when the agent is cancelled, the run is aborted or its time is up. */
  readonly stop: AbortSignal;
  /** Aborts when the run is paused: what was not sent yet is not sent. */
  readonly rest: AbortSignal;
}

/** The REPL of the agent. Every method that takes a signal rejects with `aborted` when it aborts. */
export interface Repls {
  /** The agent's REPL, a fresh one when none is alive. `alone`: in a sandbox of its own. */
  acquire(agentId: string, signal: AbortSignal, alone?: boolean): Promise<LiveRepl>;
  /** Gives it back: it may now be closed to make room. */
  release(repl: LiveRepl): void;
  /** Closes the agent's REPL if it has one. */
  drop(agentId: string): Promise<void>;
  /** Begins to open the REPL if there is room. Never fails. */
  prepare(agentId: string, signal: AbortSignal): void;
  /** Opens the REPL when its runtime has opened none yet, so that a runtime that can't is found before a request is paid for. */
  prove(agentId: string, signal: AbortSignal): Promise<void>;
}

/** How a reply is asked for, with its retries. */
export interface SendOptions extends ChatOptions {
  /** Cuts a request in flight. */
  readonly signal: AbortSignal;
  /** Lets nothing more be sent; what is in flight lands. */
  readonly stop: AbortSignal;
  readonly onRetry?: (retry: Retry) => void;
}

/** What reaches the world outside the run. */
export interface Effects {
  /** Waits for a permit for a request; the function gives it back. Rejects with `aborted`. */
  enter(model: string, signal: AbortSignal): Promise<Release>;
  /**
   * Holds tokens and money of the run back for a request, waiting while requests in flight may leave room. Gives
   * what is left, and the limit that is in the way, when there will be none. Rejects with `aborted`.
   */
  reserve(amount: Amount, signal: AbortSignal): Promise<Held | Shortage>;
  /** The complete reply of a model and every request it took. Rejects with the last error, its `details.attempts` added. */
  send(model: string, messages: readonly Message[], options: SendOptions): Promise<Answered>;
  /** Calls a tool with arguments that were checked. */
  call(tool: Tool, input: unknown, context: ToolContext): Promise<unknown>;
}

/** What an agent may do to its children. */
export interface Children {
  /** Counts a new child among the agents of the run. `false` when the run has `limit` agents. Asking twice for one id counts once. */
  reserve(agentId: string, limit: number): boolean | Promise<boolean>;
  /**
   * Gives a child its first or a further query, unless its log has one from the same call. Then the journal knows the query.
   * The call has been handed to the store; `kept` resolves when it is kept, and nobody may see the query before.
   * Called for several children at once when their calls were answered together.
   */
  spawn(agentId: string, query: ChainDraft, kept: Promise<void>): Promise<void>;
  /** Cancels every unfinished agent below this one, or at and below the named children of it. */
  cancel(reason: string, children?: readonly string[]): Promise<void>;
}
