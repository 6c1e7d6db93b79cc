// What an engine needs to move the agents of a run one transition at a time: a port for each, made by the engine.

export type {
  AgentPort,
  Children,
  Effects,
  Repls,
  SendOptions,
  Signals,
  TransitionEnd,
} from "./engine/agent/agent-port.ts";
export { storeContexts } from "./engine/agent/contexts.ts";
export { InFlight } from "./engine/agent/in-flight.ts";
export { chooseRuntime, type NewQuery, queryDraft } from "./engine/agent/query-draft.ts";
export type { AgentNews } from "./engine/agent/run-event.ts";
export { advance } from "./engine/agent/transition.ts";
export { resolveOptions } from "./engine/flow/flow-options.ts";
export type { LiveRepl } from "./engine/repl/live-repl.ts";
export { ReplPool } from "./engine/repl/repl-pool.ts";
export {
  type Amount,
  Budget,
  type BudgetLimits,
  type Held,
  type Shortage,
} from "./engine/resources/budget.ts";
export type { Answered } from "./engine/resources/provider.ts";
export type { Release } from "./engine/resources/semaphore.ts";
export type { AgentSettings, FlowSettings, ModelInfo } from "./engine/resources/settings.ts";
export { flowEffects } from "./engine/run/flow-effects.ts";
export { type ChainDraft, Journal, type LogStore } from "./engine/store/journal.ts";
export { rootConfig } from "./rules/limits.ts";
export type { Gap } from "./rules/plan.ts";
export { AnswerSchemas } from "./schema/answer-schemas.ts";
